// SPDX-License-Identifier: Apache-2.0
#include "sim/cost/cost.h"

#include <algorithm>
#include <string>

#include "sim/base/error.h"
#include "sim/cost/gpsimd_cost.h"
#include "sim/cost/rates.h"
#include "sim/cost/tensor_cost.h"
#include "sim/isa/matmul_shape.h"
#include "sim/isa/opcode.h"

namespace nsim::cost {
namespace {

using isa::Engine;
using isa::Opcode;
using isa::Operand;
using isa::Space;
using isa::StreamInstruction;

/// `work` cycles of the datapath plus the fixed part of the engine.
template <class EngineTable>
Cost pipelined(std::int64_t work, const EngineTable& engine, const EngineParams& params) {
  Cost cost;
  cost.interval = std::max(params.min_interval, work);
  cost.setup = engine.access_setup;
  cost.latency = std::max(cost.interval, engine.access_setup + work + engine.latency);
  return cost;
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
  const auto size = static_cast<std::int64_t>(num::size_of(operand.dtype));
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
  const std::int64_t pieces = (run * size + kDescriptorBytes - 1) / kDescriptorBytes;
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

bool is_wide(const StreamInstruction& instruction, const EngineParams& params) {
  return instruction.engine == Engine::Vector && instruction.dst.present() &&
         vector_rate(instruction, params.vector) < 1;
}

std::int64_t descriptors(const StreamInstruction& instruction) {
  std::int64_t to = runs(instruction.dst);
  std::int64_t from = runs(instruction.src[0]);
  if (isa::is_indexed(instruction.opcode)) {  // the table's access describes one row of many
    const Operand& index = instruction.src[1];
    (instruction.opcode == Opcode::DmaGather ? from : to) *= index.partitions * index.elements();
  }
  return std::max(to, from);
}

std::int64_t swdge_cycles(const StreamInstruction& instruction, const EngineParams& params) {
  if (instruction.dge != isa::DgeMode::Swdge) {
    return 0;
  }
  return params.gpsimd.swdge_instruction +
         descriptors(instruction) * params.gpsimd.swdge_descriptor;
}

std::int64_t flops(const StreamInstruction& instruction) {
  if (!isa::is_matmul(instruction.opcode)) {
    return 0;
  }
  const isa::MatmulShape shape = isa::matmul_shape(instruction);
  return 2 * shape.contraction * shape.columns * shape.rows;
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
    case Opcode::DmaCompute:
    case Opcode::DmaGather:
    case Opcode::DmaScatter: {
      const bool generates = instruction.engine == Engine::GpSimd;
      return fixed(to_cycles(params.dma_trigger, clock) +
                   (generates ? swdge_cycles(instruction, params) : 0));
    }
    case Opcode::CoreBarrier:
    case Opcode::SemaphoreWait:
    case Opcode::Nop:
      return fixed(to_cycles(params.control, clock));
    case Opcode::RegisterMove:
    case Opcode::RegisterAlu:
      return fixed(to_cycles(params.register_update, clock));
    case Opcode::RegisterLoad:
    case Opcode::RegisterStore:
      return fixed(to_cycles(params.register_access, clock));
    case Opcode::Branch:
      return fixed(to_cycles(params.branch, clock));
    default:
      break;
  }
  if (instruction.opcode == Opcode::TensorCopyDynamicSrc ||
      instruction.opcode == Opcode::TensorCopyDynamicDst || instruction.dst_moved.any() ||
      instruction.src_moved.any()) {
    return at_least(engine_cost(instruction, params), params.dynamic_copy_interval);
  }
  return engine_cost(instruction, params);
}

}  // namespace nsim::cost
