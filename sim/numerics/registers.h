// SPDX-License-Identifier: Apache-2.0
// What sequencers compute in their 32-bit registers: two's complement, exact, wrapping around.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sim/numerics/ops.h"

namespace nsim::num {

/// Operators of register_alu().
bool is_register_op(AluOp op);
/// a op b; shifts are logical, comparisons give 1 or 0.
std::int32_t register_alu(AluOp op, std::int32_t a, std::int32_t b);

/// The integer at `element`, extended to a register.
std::int32_t load_register(Dtype dtype, const std::byte* element);
/// What of `value` fits into an integer of `dtype`.
void store_register(Dtype dtype, std::byte* element, std::int32_t value);

}  // namespace nsim::num
