// SPDX-License-Identifier: Apache-2.0
// Host threads in traces: numbered in the order of their first call.
#pragma once

namespace nsim::rt {

int host_thread_index();

}  // namespace nsim::rt
