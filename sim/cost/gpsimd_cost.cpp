// SPDX-License-Identifier: Apache-2.0
#include "sim/cost/gpsimd_cost.h"

#include <algorithm>

#include "sim/cost/rates.h"
#include "sim/numerics/positions.h"

namespace nsim::cost {
namespace {

using isa::Opcode;
using isa::StreamInstruction;

/// NKI 2.26 nki.isa: 150 + V*n*C with C = ((28 + 4n) / (4n)) / min(4 / size, n). Printed with a
/// division by C, which would make an index cheaper the more it moves.
std::int64_t local_gather_cycles(const StreamInstruction& instruction, const GpSimdParams& params) {
  const isa::Operand& index = instruction.src[1];
  const std::int64_t group = std::min<std::int64_t>(num::kGpSimdPartitions, index.partitions);
  const std::int64_t valid = instruction.base != 0 ? instruction.base : group * index.elements();
  const std::int64_t n = instruction.count;
  const auto size = static_cast<std::int64_t>(num::size_of(instruction.dst.dtype));
  const auto at_once = static_cast<double>(std::min(4 / size, n));
  return cycles(valid, static_cast<double>(params.gather_index + 4 * n) / 4 / at_once);
}

std::int64_t n_gather_cycles(const StreamInstruction& instruction, const GpSimdParams& params) {
  const std::int64_t elements = instruction.dst.elements();
  const std::int64_t more_groups = (elements - 1) / params.n_gather_group;
  return more_groups * params.startup + cycles(elements, params.n_gather_rate);
}

/// Without the start-up; negative: not a routine.
std::int64_t work(const StreamInstruction& instruction, const GpSimdParams& params) {
  const std::int64_t read = instruction.src[0].elements();
  switch (instruction.opcode) {
    case Opcode::Iota:
    case Opcode::AffineSelect:
      return cycles(instruction.dst.elements(), params.rate);
    case Opcode::TensorPartitionReduce:
      return cycles(read, params.partition_reduce_rate);
    case Opcode::LocalGather:
      return local_gather_cycles(instruction, params);
    case Opcode::NcNGather:
      return n_gather_cycles(instruction, params);
    case Opcode::Topk:
      return cycles(instruction.count, params.topk_rate) +
             cycles(instruction.dst.elements(), params.topk_result_rate);
    case Opcode::SequenceBounds:
      return cycles(read, params.sequence_bounds_rate);
    case Opcode::NonzeroWithCount:
      return cycles(read, params.nonzero_rate);
    default:
      return -1;
  }
}

}  // namespace

std::optional<std::int64_t> routine_cycles(const StreamInstruction& instruction,
                                           const GpSimdParams& params) {
  const std::int64_t taken = work(instruction, params);
  return taken < 0 ? std::nullopt : std::make_optional(params.startup + taken);
}

}  // namespace nsim::cost
