// SPDX-License-Identifier: Apache-2.0
// What products and transposes take on the Tensor engine: weights into the array, rows through it.
// Internal to sim/cost.
#pragma once

#include "sim/cost/cost.h"

namespace nsim::cost {

/// Of nc_matmul, nc_matmul_mx, and nc_transpose on Tensor.
Cost tensor_cost(const isa::StreamInstruction& instruction, const EngineParams& params);

}  // namespace nsim::cost
