// SPDX-License-Identifier: Apache-2.0
// The machine of the API fuzzers, set up: a small device, queues of three, hooks, no log lines.
#pragma once

#include "tests/support/api_machine.h"

namespace nsim::test {

/// One for the process, never destroyed. Sets the environment of the library; NSIM_CLOCK is left to
/// the caller.
ApiMachine& api_machine();

}  // namespace nsim::test
