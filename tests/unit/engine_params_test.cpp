// SPDX-License-Identifier: Apache-2.0
// The engines' parameters as the device files give them, and what those of single generations do.
#include "sim/cost/engine_params.h"

#include <catch2/catch.hpp>
#include <string>

#include "tests/support/cost_bench.h"

using namespace nsim;
using namespace nsim::cost;
using namespace nsim::cost::test;

namespace {

StreamInstruction row_of(Opcode opcode, Engine engine, Dtype dst, Dtype src) {
  return make(opcode, engine, on_chip(dst, 2048), {on_chip(src, 2048)});
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
  const StreamInstruction fp8 =
      row_of(Opcode::TensorCopy, Engine::Vector, Dtype::Fp8E4, Dtype::Bf16);
  CHECK(interval(fp8, v3) == 2048);
  CHECK(interval(fp8, v4) == 512);
  const StreamInstruction sum =
      make(Opcode::TensorTensor, Engine::Vector, on_chip(Dtype::Fp8E5, 2048),
           {on_chip(Dtype::Fp8E5, 2048), on_chip(Dtype::Bf16, 2048)});
  CHECK(interval(sum, v3) == 2048);
  CHECK(interval(sum, v4) == 1024);
}

TEST_CASE(
    "v4 copies and scales narrow types on Scalar at twice the rate, activations it does not") {
  const EngineParams v3 = device_params("trn2");
  const EngineParams v4 = device_params("trn3");
  for (const Dtype dtype : {Dtype::Bf16, Dtype::Fp8E4}) {
    for (const Opcode opcode : {Opcode::TensorCopy, Opcode::TensorScalar}) {
      CHECK(interval(row_of(opcode, Engine::Scalar, dtype, Dtype::Fp16), v3) == 2048);
      CHECK(interval(row_of(opcode, Engine::Scalar, dtype, Dtype::Fp16), v4) == 1024);
    }
  }
  CHECK(interval(row_of(Opcode::TensorCopy, Engine::Scalar, Dtype::Bf16, Dtype::Fp32), v4) == 2048);
  CHECK(interval(row_of(Opcode::Activation, Engine::Scalar, Dtype::Bf16, Dtype::Bf16), v4) == 2048);
}
