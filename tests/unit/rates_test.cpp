// SPDX-License-Identifier: Apache-2.0
// The rates of Vector and Scalar, as the intervals of their instructions show them.
#include "sim/cost/rates.h"

#include <catch2/catch.hpp>
#include <string>
#include <utility>

#include "sim/isa/opcode.h"
#include "tests/support/cost_bench.h"

using namespace nsim;
using namespace nsim::cost;
using namespace nsim::cost::test;

namespace {

std::int64_t rated(std::int64_t elements, double rate) {
  return static_cast<std::int64_t>(static_cast<double>(elements) * rate);
}

}  // namespace

TEST_CASE("v2 copies one element per cycle in every dtype") {
  const EngineParams v2 = params();
  CHECK(interval(copy(Dtype::Fp32, Dtype::Fp32, 512), v2) == 512);
  CHECK(interval(copy(Dtype::Bf16, Dtype::Bf16, 512), v2) == 512);
  CHECK(interval(copy(Dtype::Bf16, Dtype::Fp32, 512, Space::Sbuf, Space::Psum), v2) == 512);
  CHECK(interval(copy(Dtype::Bf16, Dtype::Bf16, 1), v2) == v2.min_interval);
}

TEST_CASE("v3 copies in the performance mode of dtype, memory and layout") {
  const EngineParams v3 = v3_params();
  CHECK(interval(copy(Dtype::Bf16, Dtype::Fp16, 2048), v3) == 512);
  CHECK(interval(copy(Dtype::Bf16, Dtype::Bf16, 2048, Space::Sbuf, Space::Sbuf, 2), v3) == 1024);
  CHECK(interval(copy(Dtype::Bf16, Dtype::Bf16, 2048, Space::Sbuf, Space::Psum), v3) == 1024);
  CHECK(interval(copy(Dtype::Bf16, Dtype::Bf16, 2048, Space::Sbuf, Space::Psum, 2), v3) == 2048);
  CHECK(interval(copy(Dtype::Fp32, Dtype::Fp32, 2048), v3) == 1024);
  CHECK(interval(copy(Dtype::Bf16, Dtype::Fp32, 2048), v3) == 2048);
  CHECK(interval(copy(Dtype::Fp32, Dtype::Fp32, 2048, Space::Sbuf, Space::Psum), v3) == 2048);
  StreamInstruction scaled = copy(Dtype::Bf16, Dtype::Bf16, 2048);
  scaled.opcode = Opcode::TensorScalar;
  CHECK(interval(scaled, v3) == 512);
}

TEST_CASE("a stride of 16 bytes and more halves the rate, a repeated element does not") {
  const EngineParams v2 = params();
  const auto strided = [](Dtype dtype, int step) {
    return copy(dtype, dtype, 512, Space::Sbuf, Space::Sbuf, step);
  };
  CHECK(interval(strided(Dtype::Fp32, 3), v2) == 512);
  CHECK(interval(strided(Dtype::Fp32, 4), v2) == 1024);
  CHECK(interval(strided(Dtype::Bf16, 7), v2) == 512);
  CHECK(interval(strided(Dtype::Bf16, -8), v2) == 1024);
  CHECK(interval(strided(Dtype::Fp32, 0), v2) == 512);
}

TEST_CASE("v2 streams two operands of SBUF one after the other, with two exceptions") {
  const EngineParams v2 = params();
  CHECK(interval(tensor_tensor(Dtype::Fp32, 512), v2) == 1024);
  CHECK(interval(tensor_tensor(Dtype::Fp32, 512, Space::Psum), v2) == 512);
  CHECK(interval(tensor_tensor(Dtype::Bf16, 512), v2) == 512);
  CHECK(interval(tensor_tensor(Dtype::Fp16, 512), v2) == 1024);
  CHECK(interval(tensor_tensor(Dtype::Bf16, 512, Space::Sbuf, AluOp::Maximum), v2) == 1024);
  StreamInstruction strided = tensor_tensor(Dtype::Bf16, 512);
  strided.src[1].dim[0].step = 2;
  CHECK(interval(strided, v2) == 1024);
}

TEST_CASE("v3 streams two operands at once, 16-bit floats of SBUF twice as fast") {
  const EngineParams v3 = v3_params();
  CHECK(interval(tensor_tensor(Dtype::Fp32, 512), v3) == 512);
  CHECK(interval(tensor_tensor(Dtype::Fp16, 512, Space::Sbuf, AluOp::Maximum), v3) == 256);
  CHECK(interval(tensor_tensor(Dtype::Bf16, 512, Space::Psum), v3) == 512);
}

TEST_CASE("scalar_tensor_tensor is fast for bf16, subtract, multiply and an even count") {
  const EngineParams v2 = params();
  StreamInstruction instruction = tensor_tensor(Dtype::Bf16, 512);
  instruction.opcode = Opcode::ScalarTensorTensor;
  instruction.op0 = AluOp::Subtract;
  instruction.op1 = AluOp::Multiply;
  CHECK(interval(instruction, v2) == 512);
  instruction.op1 = AluOp::Add;
  CHECK(interval(instruction, v2) == 1024);
}

TEST_CASE("a scan takes its rate per element, whatever its types and wherever its operands") {
  for (const EngineParams& engines : {params(), v3_params(), params("vector.scan_rate = 3")}) {
    StreamInstruction scan = tensor_tensor(Dtype::Bf16, 512, Space::Psum);
    scan.opcode = Opcode::TensorTensorScan;
    CHECK(interval(scan, engines) == static_cast<std::int64_t>(512 * engines.vector.scan_rate));
    CHECK(instruction_cost(scan, engines).latency ==
          engines.vector.access_setup + interval(scan, engines) + engines.vector.latency);
  }
}

TEST_CASE("a reduction costs its source, not its result") {
  const EngineParams v2 = params();
  StreamInstruction reduce = make(Opcode::TensorReduce, Engine::Vector, on_chip(Dtype::Fp32, 1),
                                  {on_chip(Dtype::Bf16, 512)});
  reduce.op0 = AluOp::Maximum;
  CHECK(interval(reduce, v2) == 512);
  reduce.dst.dtype = Dtype::Bf16;
  CHECK(interval(reduce, v2) == 256);
  reduce.op0 = AluOp::AbsMax;
  CHECK(interval(reduce, v2) == 512);
}

TEST_CASE("the slow and the fast instructions of Vector follow their rates") {
  const EngineParams v2 = params();
  const auto vector = [&](Opcode opcode, std::int64_t to, std::int64_t from) {
    return interval(
        make(opcode, Engine::Vector, on_chip(Dtype::Fp32, to), {on_chip(Dtype::Fp32, from)}), v2);
  };
  CHECK(vector(Opcode::Reciprocal, 100, 100) == 800);
  CHECK(vector(Opcode::BnStats, 3, 512) == 512);
  CHECK(vector(Opcode::BnAggr, 2, 48) == 13 * 48 / 3);
  CHECK(vector(Opcode::NcTranspose, 32, 32) == v2.min_interval);
  StreamInstruction memset = make(Opcode::Memset, Engine::Vector, on_chip(Dtype::Bf16, 512));
  CHECK(interval(memset, v2) == 256);
  memset.immediate = 1;
  CHECK(interval(memset, v2) == 512);
}

TEST_CASE("reading the row sums out comes on top of an activation") {
  const EngineParams v2 = params();
  const Cost plain = instruction_cost(activation(Dtype::Bf16, 512), v2);
  const Cost sums = instruction_cost(activation(Dtype::Bf16, 512, Opcode::ActivationReduce), v2);
  CHECK(plain.interval == 512);
  CHECK(sums.interval == plain.interval + v2.scalar.accumulator_read);
  CHECK(sums.latency == plain.latency + v2.scalar.accumulator_read);
}

TEST_CASE("a predicated copy streams two operands unless one of them comes from PSUM") {
  for (const EngineParams& engines : {params(), v3_params()}) {
    StreamInstruction copied = tensor_tensor(Dtype::Fp32, 512);
    copied.opcode = Opcode::TensorCopyPredicated;
    CHECK(interval(copied, engines) == rated(512, engines.vector.predicated_rate));
    copied.src[1].space = Space::Psum;
    CHECK(interval(copied, engines) == rated(512, engines.vector.predicated_rate_psum));
  }
}

TEST_CASE("the instructions of Vector with one rate take it per element") {
  const EngineParams v2 = params();
  const VectorParams& vector = v2.vector;
  const std::pair<Opcode, double> rates[] = {
      {Opcode::TensorScalarReduce, vector.tensor_scalar_reduce_rate},
      {Opcode::TensorScalarCumulative, vector.cumulative_rate},
      {Opcode::Max8, vector.search_rate},
      {Opcode::NcFindIndex8, vector.search_rate},
      {Opcode::NcMatchReplace8, vector.search_rate},
      {Opcode::NcStreamShuffle, vector.shuffle_rate},
      {Opcode::RangeSelect, vector.range_select_rate},
      {Opcode::SelectReduce, vector.select_reduce_rate},
      {Opcode::Dropout, vector.dropout_rate},
      {Opcode::Exponential, vector.exponential_rate},
      {Opcode::Rng, vector.random_rate},
      {Opcode::Rand2, vector.random_rate},
  };
  for (const auto& [opcode, rate] : rates) {
    INFO(isa::name(opcode));
    StreamInstruction each = copy(Dtype::Fp32, Dtype::Fp32, 4096);
    each.opcode = opcode;
    CHECK(interval(each, v2) == rated(4096, rate));
    CHECK(instruction_cost(each, v2).latency ==
          vector.access_setup + rated(4096, rate) + vector.latency);
    each.src[0].dim[0].count = each.dst.dim[0].count = 1;
    CHECK(interval(each, v2) == v2.min_interval);
  }
  StreamInstruction quantized = copy(Dtype::Fp8E4FnX4, Dtype::Bf16, 1024);
  quantized.opcode = Opcode::QuantizeMx;
  quantized.src[0].dim[0].count = 4096;
  CHECK(interval(quantized, v2) == rated(4096, vector.quantize_mx_rate));
}

TEST_CASE("reading an accumulator out comes on top, on the engine that has it") {
  const EngineParams engines = params("vector.accumulator_read = 10\nscalar.accumulator_read = 20");
  const auto extra = [&](Opcode opcode, Engine engine) {
    StreamInstruction each =
        make(opcode, engine, on_chip(Dtype::Fp32, 512), {on_chip(Dtype::Fp32, 512)});
    const Cost plain = instruction_cost(each, engines);
    each.dst2 = on_chip(Dtype::Fp32, 1);
    const Cost read = instruction_cost(each, engines);
    CHECK(read.latency - plain.latency == read.interval - plain.interval);
    return read.interval - plain.interval;
  };
  CHECK(extra(Opcode::TensorScalarReduce, Engine::Vector) == 10);
  CHECK(extra(Opcode::SelectReduce, Engine::Vector) == 10);
  CHECK(extra(Opcode::Exponential, Engine::Vector) == 10);
  CHECK(extra(Opcode::RangeSelect, Engine::Vector) == 0);
  CHECK(extra(Opcode::Activation, Engine::Scalar) == 20);
  CHECK(extra(Opcode::Activate2, Engine::Scalar) == 20);
}
