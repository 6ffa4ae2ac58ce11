// SPDX-License-Identifier: Apache-2.0
// The engines' parameters as the device files give them, and what those of single generations do.
#include "sim/cost/engine_params.h"

#include <catch2/catch.hpp>
#include <string>

#include "sim/cost/cost.h"

using namespace nsim;
using namespace nsim::cost;
using isa::Engine;
using isa::Opcode;
using isa::Operand;
using isa::StreamInstruction;
using num::Dtype;

namespace {

EngineParams params(const std::string& text = "") {
  Config config = Config::parse(text, "engine_params_test");
  return EngineParams(ParamScope(config, ""));
}

EngineParams device_params(const std::string& device) {
  Config config = Config::load(NSIM_SOURCE_DIR "/configs/" + device + ".toml");
  return EngineParams(ParamScope(config, "neuron_core.engines"));
}

Operand tile(Dtype dtype, std::int32_t elements) {
  Operand operand;
  operand.dtype = dtype;
  operand.partitions = 128;
  operand.dims = 1;
  operand.dim[0] = {1, elements};
  return operand;
}

StreamInstruction make(Opcode opcode, Engine engine, const Operand& dst, const Operand& first,
                       const Operand& second = {}) {
  StreamInstruction instruction;
  instruction.opcode = opcode;
  instruction.engine = engine;
  instruction.dst = dst;
  instruction.src = {first, second};
  return instruction;
}

StreamInstruction copy(Opcode opcode, Engine engine, Dtype dst, Dtype src) {
  return make(opcode, engine, tile(dst, 2048), tile(src, 2048));
}

StreamInstruction matmul(Dtype dtype, std::int32_t rows) {
  Operand dst = tile(Dtype::Fp32, rows);
  dst.space = isa::Space::Psum;
  return make(Opcode::NcMatmul, Engine::Tensor, dst, tile(dtype, 128), tile(dtype, rows));
}

std::int64_t interval(const StreamInstruction& instruction, const EngineParams& engines) {
  return instruction_cost(instruction, engines).interval;
}

}  // namespace

TEST_CASE("the device files of v2 say what the defaults say") {
  for (const char* device : {"trn1", "inf2"}) {
    Config config = Config::load(NSIM_SOURCE_DIR "/configs/" + std::string(device) + ".toml");
    const EngineParams file{ParamScope(config, "neuron_core.engines")};
    for (const ParamInfo& info : config.params()) {
      INFO(device << " " << info.path);
      CHECK(info.value == info.default_value);
    }
    CHECK(file.tensor.clock == params().tensor.clock);
  }
}

TEST_CASE("v4 has fp8 in the wide modes of Vector, which v3 has for 16-bit floats only") {
  const EngineParams v3 = device_params("trn2");
  const EngineParams v4 = device_params("trn3");
  const StreamInstruction fp8 = copy(Opcode::TensorCopy, Engine::Vector, Dtype::Fp8E4, Dtype::Bf16);
  CHECK(interval(fp8, v3) == 2048);
  CHECK(interval(fp8, v4) == 512);
  const StreamInstruction sum = make(Opcode::TensorTensor, Engine::Vector, tile(Dtype::Fp8E5, 2048),
                                     tile(Dtype::Fp8E5, 2048), tile(Dtype::Bf16, 2048));
  CHECK(interval(sum, v3) == 2048);
  CHECK(interval(sum, v4) == 1024);
}

TEST_CASE(
    "v4 copies and scales narrow types on Scalar at twice the rate, activations it does not") {
  const EngineParams v3 = device_params("trn2");
  const EngineParams v4 = device_params("trn3");
  for (const Dtype dtype : {Dtype::Bf16, Dtype::Fp8E4}) {
    for (const Opcode opcode : {Opcode::TensorCopy, Opcode::TensorScalar}) {
      CHECK(interval(copy(opcode, Engine::Scalar, dtype, Dtype::Fp16), v3) == 2048);
      CHECK(interval(copy(opcode, Engine::Scalar, dtype, Dtype::Fp16), v4) == 1024);
    }
  }
  CHECK(interval(copy(Opcode::TensorCopy, Engine::Scalar, Dtype::Bf16, Dtype::Fp32), v4) == 2048);
  CHECK(interval(copy(Opcode::Activation, Engine::Scalar, Dtype::Bf16, Dtype::Bf16), v4) == 2048);
}

TEST_CASE("an array of several times the width takes as many moving rows per cycle") {
  const EngineParams wide = params("tensor.rows_per_cycle = 2");
  CHECK(interval(matmul(Dtype::Bf16, 512), wide) == 256);
  CHECK(interval(matmul(Dtype::Fp32, 512), wide) == 256 * wide.tensor.fp32_cycles_per_row);
  CHECK(interval(matmul(Dtype::Bf16, 1), wide) == wide.min_interval);
  CHECK(instruction_cost(matmul(Dtype::Bf16, 512), wide).load ==
        instruction_cost(matmul(Dtype::Bf16, 512), params()).load);
}
