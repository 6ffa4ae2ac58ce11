// SPDX-License-Identifier: Apache-2.0
// What an nc_matmul multiplies and which part of the array it needs: what checks, costs, numerics
// and the Tensor engine must agree on.
#pragma once

#include <cstdint>

#include "sim/isa/stream.h"
#include "sim/numerics/matmul.h"

namespace nsim::isa {

/// nc_matmul and nc_matmul_mx.
bool is_matmul(Opcode opcode);

/// Of a sparse mode; {1, 1} of others.
num::Sparsity sparsity(PerfMode mode);

struct MatmulShape {
  std::int64_t contraction = 0;  // as a dense product
  std::int64_t columns = 0;      // of the stationary operand
  std::int64_t rows = 0;         // that move
};
MatmulShape matmul_shape(const StreamInstruction& instruction);

/// Rows of the contraction that every partition of an operand holds side by side.
std::int64_t stationary_slices(PerfMode mode);
std::int64_t moving_slices(PerfMode mode);

/// A transpose on Tensor of fp8 in transpose mode: every element is written with a zero byte behind
/// it.
bool is_padded_transpose(const StreamInstruction& instruction);

/// The array is 4 x 4 groups of 32 x 32 processing elements that work on their own when a matmul
/// says which it needs. Bit 4 * row + column.
using ArrayGroups = std::uint16_t;
inline constexpr int kArrayGroups = 16;
inline constexpr ArrayGroups kWholeArray = 0xffff;
inline constexpr std::int64_t kGroupSize = 32;
/// From tile_size and where the operands lie; the whole array without tile_size.
ArrayGroups array_groups(const StreamInstruction& instruction);

}  // namespace nsim::isa
