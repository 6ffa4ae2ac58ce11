// SPDX-License-Identifier: Apache-2.0
#include "sim/cost/cost.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>

#include "sim/base/error.h"
#include "sim/cost/gpsimd_cost.h"

namespace nsim::cost {
namespace {

using isa::Engine;
using isa::Opcode;
using isa::Operand;
using isa::Space;
using isa::StreamInstruction;
using num::AluOp;
using num::Dtype;

bool is_16bit_float(const Operand& operand) {
  return operand.dtype == Dtype::Bf16 || operand.dtype == Dtype::Fp16;
}

bool is_fp8(const Operand& operand) {
  return operand.dtype == Dtype::Fp8E4 || operand.dtype == Dtype::Fp8E5 ||
         operand.dtype == Dtype::Fp8E4Fn;
}

/// Of a type that the wide modes are made for: 16-bit floats, on later generations fp8 too.
bool is_narrow(const Operand& operand, bool fp8_too) {
  return is_16bit_float(operand) || (fp8_too && is_fp8(operand));
}

bool in_psum(const Operand& operand) {
  return operand.space == Space::Psum;
}

std::int64_t size_of(const Operand& operand) {
  return static_cast<std::int64_t>(num::size_of(operand.dtype));
}

/// Step in elements of the innermost dimension that has more than one element; 1 when there is
/// none.
std::int64_t inner_step(const Operand& operand) {
  for (int dim = operand.dims; dim-- > 0;) {
    const isa::StreamDim& at = operand.dim[static_cast<std::size_t>(dim)];
    if (at.count > 1) {
      return at.step;
    }
  }
  return 1;
}

bool is_contiguous(const Operand& operand) {
  return inner_step(operand) == 1;
}

std::int64_t cycles(std::int64_t elements, double rate) {
  return static_cast<std::int64_t>(std::ceil(static_cast<double>(elements) * rate));
}

/// Slow-down of one access; 1 unless it strides too far.
double stride_factor(const Operand& operand, const EngineParams& params) {
  const bool slow =
      operand.present() && std::abs(inner_step(operand)) * size_of(operand) >= params.strided_bytes;
  return slow ? params.strided_factor : 1;
}

/// The slowest access holds the whole instruction back.
double stride_factor(const StreamInstruction& instruction, const EngineParams& params) {
  return std::max({stride_factor(instruction.dst, params),
                   stride_factor(instruction.src[0], params),
                   stride_factor(instruction.src[1], params)});
}

double copy_rate(const StreamInstruction& instruction, const VectorParams& params) {
  const Operand& dst = instruction.dst;
  const Operand& src = instruction.src[0];
  const bool contiguous = is_contiguous(dst) && is_contiguous(src);
  const bool psum = in_psum(dst) || in_psum(src);
  if (is_narrow(dst, params.wide_fp8) && is_narrow(src, params.wide_fp8)) {
    if (contiguous) {
      return psum ? params.copy_rate_16bit_psum : params.copy_rate_16bit;
    }
    return psum ? params.copy_rate : params.copy_rate_16bit_strided;
  }
  const bool fp32 = dst.dtype == Dtype::Fp32 && src.dtype == Dtype::Fp32;
  return fp32 && contiguous && !psum ? params.copy_rate_fp32 : params.copy_rate;
}

double tensor_tensor_rate(const StreamInstruction& instruction, const VectorParams& params) {
  const Operand& dst = instruction.dst;
  const Operand& a = instruction.src[0];
  const Operand& b = instruction.src[1];
  if (in_psum(a) != in_psum(b)) {
    return params.two_operand_rate_psum;
  }
  const bool narrow = is_narrow(dst, params.wide_fp8) && is_narrow(a, params.wide_fp8) &&
                      is_narrow(b, params.wide_fp8);
  if (in_psum(a) || !narrow) {
    return params.two_operand_rate;
  }
  const bool bf16 = dst.dtype == Dtype::Bf16 && a.dtype == Dtype::Bf16 && b.dtype == Dtype::Bf16;
  const bool simple = instruction.op0 == AluOp::Add || instruction.op0 == AluOp::Subtract ||
                      instruction.op0 == AluOp::Multiply;
  const bool contiguous = is_contiguous(dst) && is_contiguous(a) && is_contiguous(b);
  return params.two_operand_16bit_bf16_only && !(bf16 && simple && contiguous)
             ? params.two_operand_rate
             : params.two_operand_rate_16bit;
}

double scalar_tensor_tensor_rate(const StreamInstruction& instruction, const VectorParams& params) {
  const bool bf16 =
      instruction.src[0].dtype == Dtype::Bf16 && instruction.src[1].dtype == Dtype::Bf16;
  const bool fast = bf16 && instruction.op0 == AluOp::Subtract &&
                    instruction.op1 == AluOp::Multiply && instruction.src[0].elements() % 2 == 0;
  return fast ? params.scalar_tensor_tensor_rate_bf16 : params.two_operand_rate;
}

double reduce_rate(const StreamInstruction& instruction, const VectorParams& params) {
  const bool bf16 = instruction.src[0].dtype == Dtype::Bf16 && instruction.dst.dtype == Dtype::Bf16;
  const bool fast = bf16 && (instruction.op0 == AluOp::Add || instruction.op0 == AluOp::Maximum);
  return fast ? params.reduce_rate_bf16 : params.reduce_rate;
}

double memset_rate(const StreamInstruction& instruction, const VectorParams& params) {
  const bool fast = instruction.immediate == 0 && is_16bit_float(instruction.dst);
  return fast ? params.memset_rate_zero_16bit : params.memset_rate;
}

double vector_rate(const StreamInstruction& instruction, const VectorParams& params) {
  switch (instruction.opcode) {
    case Opcode::TensorTensor:
      return tensor_tensor_rate(instruction, params);
    case Opcode::ScalarTensorTensor:
      return scalar_tensor_tensor_rate(instruction, params);
    case Opcode::TensorTensorScan:
      return params.scan_rate;
    case Opcode::TensorCopyPredicated:
      return in_psum(instruction.src[0]) != in_psum(instruction.src[1])
                 ? params.predicated_rate_psum
                 : params.predicated_rate;
    case Opcode::TensorScalarReduce:
      return params.tensor_scalar_reduce_rate;
    case Opcode::TensorScalarCumulative:
      return params.cumulative_rate;
    case Opcode::Max8:
    case Opcode::NcFindIndex8:
    case Opcode::NcMatchReplace8:
      return params.search_rate;
    case Opcode::NcStreamShuffle:
      return params.shuffle_rate;
    case Opcode::RangeSelect:
      return params.range_select_rate;
    case Opcode::SelectReduce:
      return params.select_reduce_rate;
    case Opcode::Dropout:
      return params.dropout_rate;
    case Opcode::Exponential:
      return params.exponential_rate;
    case Opcode::QuantizeMx:
      return params.quantize_mx_rate;
    case Opcode::Rng:
    case Opcode::Rand2:
      return params.random_rate;
    case Opcode::TensorReduce:
      return reduce_rate(instruction, params);
    case Opcode::Memset:
      return memset_rate(instruction, params);
    case Opcode::Reciprocal:
      return params.reciprocal_rate;
    case Opcode::BnStats:
      return params.bn_stats_rate;
    case Opcode::BnAggr:
      return params.bn_aggr_rate;
    case Opcode::NcTranspose:
      return params.transpose_rate;
    default:
      return copy_rate(instruction, params);
  }
}

double gpsimd_rate(const StreamInstruction& instruction, const EngineParams& params) {
  switch (instruction.opcode) {
    case Opcode::Memset:
      return memset_rate(instruction, params.vector);
    case Opcode::TensorTensor:
      return params.gpsimd.two_operand_rate;
    case Opcode::TensorScalar: {
      const bool rsqrt = instruction.op0 == AluOp::Rsqrt || instruction.op1 == AluOp::Rsqrt;
      return rsqrt ? params.gpsimd.rsqrt_rate : params.gpsimd.rate;
    }
    case Opcode::Rng:
    case Opcode::Rand2:
      return params.gpsimd.random_rate;
    default:
      return params.gpsimd.rate;
  }
}

double scalar_rate(const StreamInstruction& instruction, const ScalarParams& params) {
  const bool copies =
      instruction.opcode == Opcode::TensorCopy || instruction.opcode == Opcode::TensorScalar;
  const bool narrow =
      is_narrow(instruction.dst, params.wide_fp8) && is_narrow(instruction.src[0], params.wide_fp8);
  return copies && narrow ? params.copy_rate_16bit : params.rate;
}

/// Elements per partition that stream through the engine.
std::int64_t streamed(const StreamInstruction& instruction) {
  return std::max(instruction.dst.elements(),
                  instruction.src[0].present() ? instruction.src[0].elements() : 0);
}

/// `work` cycles of the datapath plus the fixed part of the engine.
template <class EngineTable>
Cost pipelined(std::int64_t work, const EngineTable& engine, const EngineParams& params) {
  Cost cost;
  cost.interval = std::max(params.min_interval, work);
  cost.setup = engine.access_setup;
  cost.latency = std::max(cost.interval, engine.access_setup + work + engine.latency);
  return cost;
}

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
  Pass pass{moving.elements(), stationary.elements()};
  pass.cycles_per_row = fp32 ? params.tensor.fp32_cycles_per_row : 1;
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

Cost tensor_cost(const StreamInstruction& instruction, const EngineParams& params) {
  return instruction.opcode == Opcode::NcTranspose ? transpose_cost(instruction, params)
                                                   : matmul_cost(instruction, params);
}

/// Reading the engine's accumulator out comes on top.
void add_read_out(Cost& cost, const StreamInstruction& instruction, std::int64_t read) {
  switch (instruction.opcode) {
    case Opcode::Activation:
    case Opcode::Activate2:
    case Opcode::TensorScalarReduce:
    case Opcode::SelectReduce:
    case Opcode::Exponential:
      if (!instruction.dst2.present()) {
        return;
      }
      [[fallthrough]];
    case Opcode::ActivationReduce:
      cost.interval += read;
      cost.latency += read;
      break;
    default:  // range_select too: its documented cost has none
      break;
  }
}

Cost vector_cost(const StreamInstruction& instruction, const EngineParams& params) {
  const double rate = vector_rate(instruction, params.vector) * stride_factor(instruction, params);
  Cost cost = pipelined(cycles(streamed(instruction), rate), params.vector, params);
  add_read_out(cost, instruction, params.vector.accumulator_read);
  return cost;
}

Cost scalar_cost(const StreamInstruction& instruction, const EngineParams& params) {
  const double rate = scalar_rate(instruction, params.scalar) * stride_factor(instruction, params);
  Cost cost = pipelined(cycles(streamed(instruction), rate), params.scalar, params);
  add_read_out(cost, instruction, params.scalar.accumulator_read);
  return cost;
}

Cost gpsimd_cost(const StreamInstruction& instruction, const EngineParams& params) {
  const double rate = gpsimd_rate(instruction, params) * stride_factor(instruction, params);
  const std::int64_t work =
      routine_cycles(instruction, params.gpsimd).value_or(cycles(streamed(instruction), rate));
  return pipelined(work, params.gpsimd, params);
}

Cost engine_cost(const StreamInstruction& instruction, const EngineParams& params) {
  switch (instruction.engine) {
    case Engine::Tensor:
      return tensor_cost(instruction, params);
    case Engine::Vector:
      return vector_cost(instruction, params);
    case Engine::Scalar:
      return scalar_cost(instruction, params);
    case Engine::GpSimd:
      return gpsimd_cost(instruction, params);
    case Engine::Sync:
      break;
  }
  throw InternalError("instruction_cost: the sync engine has no datapath");
}

/// The address takes its time first.
Cost at_least(Cost cost, std::int64_t interval) {
  const std::int64_t missing = std::max<std::int64_t>(interval - cost.interval, 0);
  cost.interval += missing;
  cost.latency += missing;
  return cost;
}

/// A duration in whole cycles of an engine, rounded up.
std::int64_t to_cycles(SimTime duration, std::int64_t clock) {
  return (duration * clock + kSecond - 1) / kSecond;  // at most 10 us x 100 GHz
}

Cost fixed(std::int64_t taken) {
  Cost cost;
  cost.interval = taken;
  cost.latency = taken;
  return cost;
}

/// Contiguous runs of one side of a DMA.
std::int64_t runs(const Operand& operand) {
  constexpr std::int64_t kDescriptorBytes = std::int64_t{64} * 1024;
  const std::int64_t rows = operand.space == Space::Hbm ? 1 : operand.partitions;
  std::int64_t run = 1;  // elements
  int dim = operand.dims;
  while (dim > 0) {
    const isa::StreamDim& inner = operand.dim[static_cast<std::size_t>(dim - 1)];
    if (inner.count > 1 && inner.step != run) {
      break;
    }
    run *= inner.count;
    --dim;
  }
  const std::int64_t pieces = (run * size_of(operand) + kDescriptorBytes - 1) / kDescriptorBytes;
  return rows * (operand.elements() / std::max<std::int64_t>(run, 1)) * pieces;
}

}  // namespace

std::int64_t clock_of(Engine engine, const EngineParams& params) {
  switch (engine) {
    case Engine::Tensor:
      return params.tensor.clock;
    case Engine::Vector:
      return params.vector.clock;
    case Engine::Scalar:
      return params.scalar.clock;
    case Engine::GpSimd:
      return params.gpsimd.clock;
    case Engine::Sync:
      return params.sync_clock;
  }
  throw InternalError("clock_of: engine " + std::to_string(static_cast<int>(engine)));
}

std::int64_t descriptors(const StreamInstruction& instruction) {
  return std::max(runs(instruction.dst), runs(instruction.src[0]));
}

std::int64_t swdge_cycles(const StreamInstruction& instruction, const EngineParams& params) {
  if (instruction.dge != isa::DgeMode::Swdge) {
    return 0;
  }
  return params.gpsimd.swdge_instruction +
         descriptors(instruction) * params.gpsimd.swdge_descriptor;
}

std::int64_t flops(const StreamInstruction& instruction) {
  if (instruction.opcode != Opcode::NcMatmul) {
    return 0;
  }
  const Operand& stationary = instruction.src[0];
  return 2 * stationary.elements() * instruction.src[1].elements() * stationary.partitions;
}

Cost slowed(const Cost& cost, double rate) {
  Cost slow = cost;
  slow.interval = cycles(cost.interval, 1 / rate);
  slow.latency += slow.interval - cost.interval;
  slow.load = cycles(cost.load, 1 / rate);
  slow.load_latency += slow.load - cost.load;
  return slow;
}

Cost instruction_cost(const StreamInstruction& instruction, const EngineParams& params) {
  const std::int64_t clock = clock_of(instruction.engine, params);
  switch (instruction.opcode) {
    case Opcode::DmaCopy:
    case Opcode::DmaTranspose:
    case Opcode::DmaGather: {
      const bool generates = instruction.engine == Engine::GpSimd;
      return fixed(to_cycles(params.dma_trigger, clock) +
                   (generates ? swdge_cycles(instruction, params) : 0));
    }
    case Opcode::CoreBarrier:
    case Opcode::SemaphoreWait:
    case Opcode::Nop:
      return fixed(to_cycles(params.control, clock));
    default:
      break;
  }
  if (instruction.opcode == Opcode::TensorCopyDynamicSrc ||
      instruction.opcode == Opcode::TensorCopyDynamicDst) {
    return at_least(engine_cost(instruction, params), params.dynamic_copy_interval);
  }
  return engine_cost(instruction, params);
}

}  // namespace nsim::cost
