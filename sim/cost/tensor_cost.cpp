// SPDX-License-Identifier: Apache-2.0
#include "sim/cost/tensor_cost.h"

#include <algorithm>

#include "sim/cost/rates.h"
#include "sim/isa/matmul_shape.h"

namespace nsim::cost {
namespace {

using isa::Opcode;
using isa::Operand;
using isa::StreamInstruction;
using num::Dtype;

/// What moves through the array against which stationary operand.
struct Pass {
  std::int64_t rows;     // moving
  std::int64_t columns;  // stationary
  std::int64_t cycles_per_row = 1;
  std::int64_t rows_per_cycle = 1;
  double moving_factor = 1;  // strided accesses
  double stationary_factor = 1;
};

Cost tensor_pass(const Pass& pass, const EngineParams& params) {
  const TensorParams& tensor = params.tensor;
  const std::int64_t passed =
      cycles(pass.rows, pass.moving_factor / static_cast<double>(pass.rows_per_cycle));
  Cost cost;
  cost.interval = pass.cycles_per_row * std::max(params.min_interval, passed);
  cost.latency = std::max(cost.interval, pass.cycles_per_row * passed + tensor.latency);
  const double load_rate = pass.stationary_factor / static_cast<double>(tensor.load_speedup);
  cost.load = pass.cycles_per_row * cycles(pass.columns, load_rate);
  cost.load_latency = cost.load + tensor.load_latency;
  return cost;
}

Cost matmul_cost(const StreamInstruction& instruction, const EngineParams& params) {
  const Operand& stationary = instruction.src[0];
  const Operand& moving = instruction.src[1];
  const bool fp32 = stationary.dtype == Dtype::Fp32 || moving.dtype == Dtype::Fp32;
  const isa::MatmulShape shape = isa::matmul_shape(instruction);
  Pass pass{shape.rows, shape.columns};
  const bool onezero = instruction.reverse0 || instruction.reverse1;
  pass.cycles_per_row = !fp32     ? 1
                        : onezero ? params.tensor.fp32_onezero_cycles_per_row
                                  : params.tensor.fp32_cycles_per_row;
  pass.rows_per_cycle =
      params.tensor.rows_per_cycle *
      (is_fp8(stationary) && is_fp8(moving) ? params.tensor.fp8_rows_per_cycle : 1);
  pass.moving_factor = stride_factor(moving, params);
  pass.stationary_factor = stride_factor(stationary, params);
  return tensor_pass(pass, params);
}

/// The data is the stationary operand, an identity as wide as its partitions moves.
Cost transpose_cost(const StreamInstruction& instruction, const EngineParams& params) {
  const Operand& data = instruction.src[0];
  Pass pass{data.partitions, data.elements()};
  pass.cycles_per_row = data.dtype == Dtype::Fp32 ? params.tensor.fp32_transpose_cycles_per_row : 1;
  pass.rows_per_cycle = params.tensor.rows_per_cycle;
  pass.stationary_factor = stride_factor(data, params);
  return tensor_pass(pass, params);
}

}  // namespace

Cost tensor_cost(const StreamInstruction& instruction, const EngineParams& params) {
  return instruction.opcode == Opcode::NcTranspose ? transpose_cost(instruction, params)
                                                   : matmul_cost(instruction, params);
}

}  // namespace nsim::cost
