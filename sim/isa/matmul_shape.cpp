// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/matmul_shape.h"

#include "sim/numerics/mx.h"

namespace nsim::isa {
namespace {

/// Bits of the groups that `size` rows or columns from the tile around `start` cover.
unsigned group_bits(std::int64_t start, std::int64_t size) {
  const auto count = static_cast<unsigned>(size / kGroupSize);
  const auto first = static_cast<unsigned>(start / size) * count;
  return ((1U << count) - 1U) << first;
}

}  // namespace

bool is_matmul(Opcode opcode) {
  return opcode == Opcode::NcMatmul || opcode == Opcode::NcMatmulMx;
}

num::Sparsity sparsity(PerfMode mode) {
  switch (mode) {
    case PerfMode::Sparse4_16:
      return {4, 16};
    case PerfMode::Sparse4_12:
      return {4, 12};
    case PerfMode::Sparse4_8:
      return {4, 8};
    case PerfMode::Sparse2_8:
      return {2, 8};
    case PerfMode::Sparse2_4:
      return {2, 4};
    case PerfMode::Sparse1_4:
      return {1, 4};
    case PerfMode::Sparse1_2:
      return {1, 2};
    case PerfMode::None:
    case PerfMode::DoubleRow:
      break;
  }
  return {};
}

std::int64_t stationary_slices(PerfMode mode) {
  return mode == PerfMode::DoubleRow ? 2 : 1;
}

std::int64_t moving_slices(PerfMode mode) {
  return mode == PerfMode::DoubleRow ? 2 : sparsity(mode).ratio();
}

MatmulShape matmul_shape(const StreamInstruction& instruction) {
  const Operand& stationary = instruction.src[0];
  const Operand& moving = instruction.src[1];
  const PerfMode mode = instruction.perf_mode;
  if (mode == PerfMode::None) {
    const std::int64_t packed = instruction.opcode == Opcode::NcMatmulMx ? num::kPacked : 1;
    return {packed * stationary.partitions, stationary.elements(), moving.elements()};
  }
  return {stationary.partitions * moving_slices(mode),
          stationary.elements() / stationary_slices(mode), moving.elements() / moving_slices(mode)};
}

bool is_padded_transpose(const StreamInstruction& instruction) {
  const Operand& dst = instruction.dst;
  return instruction.opcode == Opcode::NcTranspose && instruction.engine == Engine::Tensor &&
         num::is_fp8(dst.dtype) && dst.dims > 0 && dst.dim[std::size_t{dst.dims} - 1].step == 2;
}

ArrayGroups array_groups(const StreamInstruction& instruction) {
  const std::int64_t rows = instruction.pattern[0];
  const std::int64_t columns = instruction.pattern[1];
  if (!is_matmul(instruction.opcode) || rows == 0) {
    return kWholeArray;
  }
  const unsigned across = group_bits(instruction.dst.partition, columns);
  unsigned groups = 0;
  for (unsigned rest = group_bits(instruction.src[0].partition, rows), row = 0; rest != 0;
       rest >>= 1, ++row) {
    groups |= (rest & 1U) != 0 ? across << (4 * row) : 0;
  }
  return static_cast<ArrayGroups>(groups);
}

}  // namespace nsim::isa
