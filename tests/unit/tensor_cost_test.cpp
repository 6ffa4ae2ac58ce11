// SPDX-License-Identifier: Apache-2.0
#include "sim/cost/tensor_cost.h"

#include <catch2/catch.hpp>

#include "tests/support/cost_bench.h"

using namespace nsim;
using namespace nsim::cost;
using namespace nsim::cost::test;

TEST_CASE("a matmul takes one cycle per moving row, and never less than the minimum interval") {
  const EngineParams v2 = params();
  CHECK(interval(matmul(Dtype::Bf16, 128, 512), v2) == 512);
  CHECK(interval(matmul(Dtype::Bf16, 128, 1), v2) == v2.min_interval);
  CHECK(instruction_cost(matmul(Dtype::Bf16, 128, 512), v2).latency == 512 + v2.tensor.latency);
}

TEST_CASE("weights load several columns per cycle, beside a fixed part on an idle array") {
  const EngineParams v2 = params();
  const Cost cost = instruction_cost(matmul(Dtype::Bf16, 126, 512), v2);
  CHECK(cost.load == (126 + v2.tensor.load_speedup - 1) / v2.tensor.load_speedup);
  CHECK(cost.load_latency == cost.load + v2.tensor.load_latency);
}

TEST_CASE("an fp32 matmul takes its multiple, whichever operand is fp32") {
  const EngineParams v2 = params();
  CHECK(interval(matmul(Dtype::Fp32, 128, 512), v2) == 512 * v2.tensor.fp32_cycles_per_row);
  CHECK(interval(matmul(Dtype::Tf32, 128, 512), v2) == 512);
  CHECK(interval(matmul(Dtype::Fp32, 128, 8), v2) ==
        v2.min_interval * v2.tensor.fp32_cycles_per_row);
}

TEST_CASE("fp8 on both sides gets the rate a configuration gives it") {
  CHECK(interval(matmul(Dtype::Fp8E4, 128, 512), params()) == 512);
  const EngineParams twice = params("tensor.fp8_rows_per_cycle = 2");
  CHECK(interval(matmul(Dtype::Fp8E4, 128, 512), twice) == 256);
  CHECK(interval(matmul(Dtype::Bf16, 128, 512), twice) == 512);
}

TEST_CASE("a transpose on Tensor moves an identity of the data's partitions") {
  StreamInstruction transpose =
      make(Opcode::NcTranspose, Engine::Tensor, on_chip(Dtype::Bf16, 128, Space::Psum),
           {on_chip(Dtype::Bf16, 32)});
  CHECK(interval(transpose, params()) == 128);
  CHECK(instruction_cost(transpose, params()).load == 8);
  transpose.src[0].dtype = Dtype::Fp32;
  const EngineParams v3 = v3_params();
  CHECK(interval(transpose, v3) == 128 * v3.tensor.fp32_transpose_cycles_per_row);
}

TEST_CASE("only a strided moving operand slows the pass, a strided stationary one its load") {
  const EngineParams v2 = params();
  StreamInstruction instruction = matmul(Dtype::Bf16, 128, 512);
  const Cost plain = instruction_cost(instruction, v2);
  instruction.src[0].dim[0].step = 8;
  CHECK(instruction_cost(instruction, v2).interval == plain.interval);
  CHECK(instruction_cost(instruction, v2).load == 2 * plain.load);
  instruction.src[1].dim[0].step = 8;
  CHECK(instruction_cost(instruction, v2).interval == 2 * plain.interval);
}

TEST_CASE("an array of several times the width takes as many moving rows per cycle") {
  const EngineParams wide = params("tensor.rows_per_cycle = 2");
  CHECK(interval(matmul(Dtype::Bf16, 128, 512), wide) == 256);
  CHECK(interval(matmul(Dtype::Fp32, 128, 512), wide) == 256 * wide.tensor.fp32_cycles_per_row);
  CHECK(interval(matmul(Dtype::Bf16, 128, 1), wide) == wide.min_interval);
  CHECK(instruction_cost(matmul(Dtype::Bf16, 128, 512), wide).load ==
        instruction_cost(matmul(Dtype::Bf16, 128, 512), params()).load);
}
