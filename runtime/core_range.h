// SPDX-License-Identifier: Apache-2.0
// Which logical cores of the instance belong to this process. The first one is index 0 in every API
// call.
#pragma once

#include "runtime/env.h"

namespace nsim::rt {

struct CoreRange {
  int first = 0;
  int count = 0;
};

/// Decides from NEURON_RT_VISIBLE_CORES (wins) and NEURON_RT_NUM_CORES. Throws UserError when the
/// text is malformed, not consecutive, or asks for more than `total`.
CoreRange claim_cores(const Environment& environment, int total);

}  // namespace nsim::rt
