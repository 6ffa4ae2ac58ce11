// SPDX-License-Identifier: Apache-2.0
// What the tests of sim/cost share: parameters of a generation, and instructions made by hand.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <string>

#include "sim/cost/cost.h"

namespace nsim::cost::test {

using isa::Engine;
using isa::Opcode;
using isa::Operand;
using isa::Space;
using isa::StreamInstruction;
using num::AluOp;
using num::Dtype;

/// NeuronCore-v2, which is the default of every constant, with `text` on top.
inline EngineParams params(const std::string& text = "") {
  Config config = Config::parse(text, "cost_bench");
  EngineParams result{ParamScope(config, "")};
  config.finish();
  return result;
}

/// As the file of a device describes its engines.
inline EngineParams device_params(const std::string& device) {
  Config config = Config::load(NSIM_SOURCE_DIR "/configs/" + device + ".toml");
  return EngineParams(ParamScope(config, "neuron_core.engines"));
}
inline EngineParams v3_params() {
  return device_params("trn2");
}

inline Operand on_chip(Dtype dtype, std::int64_t elements, Space space = Space::Sbuf,
                       int step = 1) {
  Operand operand;
  operand.space = space;
  operand.dtype = dtype;
  operand.partitions = 128;
  operand.dims = 1;
  operand.dim[0] = {step, static_cast<std::int32_t>(elements)};
  return operand;
}

inline StreamInstruction make(Opcode opcode, Engine engine, const Operand& dst,
                              std::initializer_list<Operand> src = {}) {
  StreamInstruction instruction;
  instruction.opcode = opcode;
  instruction.engine = engine;
  instruction.dst = dst;
  std::copy(src.begin(), src.end(), instruction.src.begin());
  return instruction;
}

inline StreamInstruction copy(Dtype dst, Dtype src, std::int64_t elements, Space to = Space::Sbuf,
                              Space from = Space::Sbuf, int step = 1) {
  return make(Opcode::TensorCopy, Engine::Vector, on_chip(dst, elements, to),
              {on_chip(src, elements, from, step)});
}

inline StreamInstruction tensor_tensor(Dtype dtype, std::int64_t elements,
                                       Space other = Space::Sbuf, AluOp op = AluOp::Add) {
  StreamInstruction instruction =
      make(Opcode::TensorTensor, Engine::Vector, on_chip(dtype, elements),
           {on_chip(dtype, elements), on_chip(dtype, elements, other)});
  instruction.op0 = op;
  return instruction;
}

inline StreamInstruction matmul(Dtype dtype, std::int64_t columns, std::int64_t rows) {
  return make(Opcode::NcMatmul, Engine::Tensor, on_chip(Dtype::Fp32, rows, Space::Psum),
              {on_chip(dtype, columns), on_chip(dtype, rows)});
}

inline StreamInstruction activation(Dtype dtype, std::int64_t elements,
                                    Opcode opcode = Opcode::Activation) {
  return make(opcode, Engine::Scalar, on_chip(dtype, elements), {on_chip(dtype, elements)});
}

inline std::int64_t interval(const StreamInstruction& instruction, const EngineParams& engines) {
  return instruction_cost(instruction, engines).interval;
}

}  // namespace nsim::cost::test
