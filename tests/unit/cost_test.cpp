// SPDX-License-Identifier: Apache-2.0
#include "sim/cost/cost.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <initializer_list>
#include <set>
#include <string>
#include <utility>

#include "sim/isa/opcode.h"

using namespace nsim;
using namespace nsim::cost;
using isa::Engine;
using isa::Opcode;
using isa::Operand;
using isa::Space;
using isa::StreamInstruction;
using num::AluOp;
using num::Dtype;

namespace {

/// NeuronCore-v2, which is the default of every constant, with `text` on top.
EngineParams params(const std::string& text = "") {
  Config config = Config::parse(text, "cost_test");
  EngineParams result{ParamScope(config, "")};
  config.finish();
  return result;
}

/// NeuronCore-v3 as its device file describes it.
EngineParams v3_params() {
  Config config = Config::load(NSIM_SOURCE_DIR "/configs/trn2.toml");
  return EngineParams(ParamScope(config, "neuron_core.engines"));
}

Operand on_chip(Dtype dtype, std::int64_t elements, Space space = Space::Sbuf, int step = 1) {
  Operand operand;
  operand.space = space;
  operand.dtype = dtype;
  operand.partitions = 128;
  operand.dims = 1;
  operand.dim[0] = {step, static_cast<std::int32_t>(elements)};
  return operand;
}

StreamInstruction make(Opcode opcode, Engine engine, const Operand& dst,
                       std::initializer_list<Operand> src = {}) {
  StreamInstruction instruction;
  instruction.opcode = opcode;
  instruction.engine = engine;
  instruction.dst = dst;
  std::copy(src.begin(), src.end(), instruction.src.begin());
  return instruction;
}

StreamInstruction copy(Dtype dst, Dtype src, std::int64_t elements, Space to = Space::Sbuf,
                       Space from = Space::Sbuf, int step = 1) {
  return make(Opcode::TensorCopy, Engine::Vector, on_chip(dst, elements, to),
              {on_chip(src, elements, from, step)});
}

StreamInstruction tensor_tensor(Dtype dtype, std::int64_t elements, Space other = Space::Sbuf,
                                AluOp op = AluOp::Add) {
  StreamInstruction instruction =
      make(Opcode::TensorTensor, Engine::Vector, on_chip(dtype, elements),
           {on_chip(dtype, elements), on_chip(dtype, elements, other)});
  instruction.op0 = op;
  return instruction;
}

StreamInstruction matmul(Dtype dtype, std::int64_t columns, std::int64_t rows) {
  return make(Opcode::NcMatmul, Engine::Tensor, on_chip(Dtype::Fp32, rows, Space::Psum),
              {on_chip(dtype, columns), on_chip(dtype, rows)});
}

StreamInstruction activation(Dtype dtype, std::int64_t elements,
                             Opcode opcode = Opcode::Activation) {
  return make(opcode, Engine::Scalar, on_chip(dtype, elements), {on_chip(dtype, elements)});
}

std::int64_t interval(const StreamInstruction& instruction, const EngineParams& engines) {
  return instruction_cost(instruction, engines).interval;
}

std::int64_t rated(std::int64_t elements, double rate) {
  return static_cast<std::int64_t>(static_cast<double>(elements) * rate);
}

double nanoseconds(std::int64_t cycles, Engine engine, const EngineParams& engines) {
  return static_cast<double>(cycles) * 1e9 / static_cast<double>(clock_of(engine, engines));
}

double duration(const StreamInstruction& instruction, const EngineParams& engines) {
  return nanoseconds(instruction_cost(instruction, engines).latency, instruction.engine, engines);
}

/// A published figure: within the 25 % that a single instruction off a profiler screenshot
/// deserves.
void check_published(const std::string& what, double simulated, double published) {
  INFO(what << ": simulated " << simulated << " ns, published " << published << " ns");
  CHECK(simulated == Approx(published).epsilon(0.25));
}

}  // namespace

TEST_CASE("every engine has the clock of its table") {
  const EngineParams v2 = params();
  CHECK(clock_of(Engine::Tensor, v2) == v2.tensor.clock);
  CHECK(clock_of(Engine::Vector, v2) == v2.vector.clock);
  CHECK(clock_of(Engine::Scalar, v2) == v2.scalar.clock);
  CHECK(clock_of(Engine::GpSimd, v2) == v2.gpsimd.clock);
  CHECK(clock_of(Engine::Sync, v2) == v2.sync_clock);
}

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

TEST_CASE("GpSimd has a start-up for position instructions and slow rates for the rest") {
  const EngineParams v2 = params();
  const auto on_gpsimd = [](StreamInstruction instruction) {
    instruction.engine = Engine::GpSimd;
    return instruction;
  };
  const StreamInstruction iota = make(Opcode::Iota, Engine::GpSimd, on_chip(Dtype::Int32, 512));
  CHECK(interval(iota, v2) == v2.gpsimd.startup + 512);
  CHECK(interval(on_gpsimd(tensor_tensor(Dtype::Fp32, 512)), v2) == 1024);
  CHECK(interval(on_gpsimd(copy(Dtype::Fp32, Dtype::Fp32, 512)), v2) == 512);
  StreamInstruction rsqrt = on_gpsimd(copy(Dtype::Fp32, Dtype::Fp32, 512));
  rsqrt.opcode = Opcode::TensorScalar;
  rsqrt.op0 = AluOp::Rsqrt;
  CHECK(interval(rsqrt, v2) == 2048);
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

TEST_CASE("a dynamic copy takes its minimum on every engine, more when it moves more") {
  const EngineParams v2 = params();
  for (const Engine engine : {Engine::Vector, Engine::Scalar, Engine::GpSimd}) {
    for (const Opcode opcode : {Opcode::TensorCopyDynamicSrc, Opcode::TensorCopyDynamicDst}) {
      const StreamInstruction small =
          make(opcode, engine, on_chip(Dtype::Fp32, 4), {on_chip(Dtype::Fp32, 4)});
      const StreamInstruction large =
          make(opcode, engine, on_chip(Dtype::Fp32, 4096), {on_chip(Dtype::Fp32, 4096)});
      CHECK(interval(small, v2) == v2.dynamic_copy_interval);
      CHECK(instruction_cost(small, v2).latency > v2.dynamic_copy_interval);
      CHECK(interval(large, v2) == 4096);
    }
  }
}

TEST_CASE("control instructions last equally long on every engine, in whole cycles") {
  const EngineParams v2 = params();
  for (const Engine engine : {Engine::Tensor, Engine::Vector, Engine::Sync}) {
    for (const Opcode opcode : {Opcode::Nop, Opcode::SemaphoreWait, Opcode::CoreBarrier}) {
      const StreamInstruction control = make(opcode, engine, Operand{});
      const double period = nanoseconds(1, engine, v2);
      CHECK(duration(control, v2) >= 9.0);
      CHECK(duration(control, v2) < 9.0 + period);
    }
  }
}

TEST_CASE("descriptors are counted per contiguous run of the finer side, at most 64 KiB each") {
  StreamInstruction load = make(Opcode::DmaCopy, Engine::Sync, on_chip(Dtype::Bf16, 512));
  load.src[0].space = Space::Hbm;
  load.src[0].dtype = Dtype::Bf16;
  load.src[0].partitions = 1;
  load.src[0].dims = 2;
  load.src[0].dim[0] = {4096, 128};
  load.src[0].dim[1] = {1, 512};
  CHECK(descriptors(load) == 128);
  load.src[0].dim[0].step = 512;  // one run in HBM, but still a partition each on chip
  CHECK(descriptors(load) == 128);
  load.dst.dims = 2;
  load.dst.dim[0] = {1024, 4};
  load.dst.dim[1] = {1, 128};
  CHECK(descriptors(load) == 512);
  load.dst = load.src[0];
  load.dst.dim[0] = {1024, 128};
  load.dst.dim[1] = {1, 1024};
  load.src[0] = load.dst;
  CHECK(descriptors(load) == 4);  // 256 KiB in one run
}

TEST_CASE("software descriptor generation takes GpSimd's time, other modes do not") {
  const EngineParams v2 = params();
  StreamInstruction load =
      make(Opcode::DmaCopy, Engine::GpSimd, on_chip(Dtype::Bf16, 512), {on_chip(Dtype::Bf16, 512)});
  const std::int64_t trigger = interval(load, v2);
  CHECK(swdge_cycles(load, v2) == 0);
  load.dge = isa::DgeMode::Swdge;
  CHECK(interval(load, v2) ==
        trigger + v2.gpsimd.swdge_instruction + descriptors(load) * v2.gpsimd.swdge_descriptor);
  load.dge = isa::DgeMode::Hwdge;
  CHECK(interval(load, v2) == trigger);
}

TEST_CASE("flops count two per multiplication of a matmul, nothing else") {
  CHECK(flops(matmul(Dtype::Bf16, 64, 512)) == 2LL * 128 * 64 * 512);
  CHECK(flops(activation(Dtype::Bf16, 512)) == 0);
}

TEST_CASE("a single instruction lasts its set-up, its elements and its latency") {
  const EngineParams engines = params("vector.access_setup = 1000\nvector.latency = 300");
  const Cost cost = instruction_cost(copy(Dtype::Fp32, Dtype::Fp32, 512), engines);
  CHECK(cost.interval == 512);
  CHECK(cost.setup == 1000);
  CHECK(cost.latency == 1000 + 512 + 300);
}

TEST_CASE("latency never ends before the interval") {
  const EngineParams quick = params("vector.latency = 0\nscalar.latency = 0\ntensor.latency = 0");
  for (const StreamInstruction& instruction :
       {copy(Dtype::Fp32, Dtype::Fp32, 1), activation(Dtype::Fp32, 1), matmul(Dtype::Bf16, 1, 1)}) {
    const Cost cost = instruction_cost(instruction, quick);
    CHECK(cost.latency == quick.min_interval);
  }
}

TEST_CASE("single instructions on v2 last as long as published profiles show") {
  const EngineParams v2 = params();
  // NKI performance guide, profiles on trn1.
  check_published("Scalar activate, 1 element", duration(activation(Dtype::Fp32, 1), v2), 159);
  check_published("Vector tensor_tensor fp32, 8192 elements",
                  duration(tensor_tensor(Dtype::Fp32, 8192), v2), 14968);
  // NKI fused mamba tutorial: mean duration and mean issue interval of 181 instructions, nearly all
  // of them products and scans in fp32; the few that stream one operand pull the interval down.
  StreamInstruction scan = tensor_tensor(Dtype::Fp32, 512);
  scan.opcode = Opcode::TensorTensorScan;
  for (const StreamInstruction& each : {tensor_tensor(Dtype::Fp32, 512), scan}) {
    check_published("Vector tensor_tensor or scan fp32, 512 elements", duration(each, v2), 1071);
    check_published("the same, back to back", nanoseconds(interval(each, v2), Engine::Vector, v2),
                    823);
  }
  check_published("Tensor matmul bf16, 128 rows, 1 column",
                  duration(matmul(Dtype::Bf16, 1, 128), v2), 188);
  check_published("Tensor load of weights, 1 column",
                  nanoseconds(instruction_cost(matmul(Dtype::Bf16, 1, 128), v2).load_latency,
                              Engine::Tensor, v2),
                  67);
}

TEST_CASE("single instructions on v3 last as long as published profiles show") {
  const EngineParams v3 = v3_params();
  // NKI kernel-optimization profile: one of the two half-rate passes of an fp32 matmul.
  check_published("Tensor fp32 half pass, 512 rows",
                  nanoseconds(interval(matmul(Dtype::Fp32, 128, 512), v3), Engine::Tensor, v3) / 2,
                  428);
  check_published("Vector tensor_copy fp32, 512 elements",
                  duration(copy(Dtype::Fp32, Dtype::Fp32, 512), v3), 424);
  // rmsnorm-quant design page.
  check_published("Scalar exp bf16, 4096 elements", duration(activation(Dtype::Bf16, 4096), v3),
                  3709);
  check_published("Scalar activation_reduce bf16, 16384 elements",
                  duration(activation(Dtype::Bf16, 16384, Opcode::ActivationReduce), v3), 13950);
  StreamInstruction reduce = make(Opcode::TensorReduce, Engine::Vector, on_chip(Dtype::Bf16, 1),
                                  {on_chip(Dtype::Bf16, 16384)});
  reduce.op0 = AluOp::AbsMax;
  check_published("Vector abs-max reduction bf16, 16384 elements", duration(reduce, v3), 17200);
}

TEST_CASE("back-to-back streams reach the published peak rates") {
  const auto teraflops = [](const EngineParams& engines, Dtype dtype) {
    const StreamInstruction pass = matmul(dtype, 128, 512);
    return static_cast<double>(flops(pass)) /
           nanoseconds(interval(pass, engines), Engine::Tensor, engines) / 1000;
  };
  // NKI architecture guides: dense TFLOPS of one core.
  CHECK(teraflops(params(), Dtype::Bf16) == Approx(92).epsilon(0.02));
  CHECK(teraflops(params(), Dtype::Fp32) == Approx(23).epsilon(0.02));
  CHECK(teraflops(v3_params(), Dtype::Bf16) == Approx(79).epsilon(0.02));
  CHECK(teraflops(v3_params(), Dtype::Fp32) == Approx(20).epsilon(0.02));
}

TEST_CASE("docs/costs.md lists every instruction as the table of opcodes has it") {
  const auto cell = [](const std::string& line, int column) {
    std::size_t at = 0;
    for (int i = 0; i <= column; ++i) {
      at = line.find('|', at) + 1;
    }
    const std::string text = line.substr(at, line.find('|', at) - at);
    const std::size_t first = text.find_first_not_of(" `");
    return first == std::string::npos ? ""
                                      : text.substr(first, text.find_last_not_of(" `") + 1 - first);
  };
  std::ifstream page(NSIM_SOURCE_DIR "/docs/costs.md");
  std::set<std::string> listed;
  for (std::string line; std::getline(page, line);) {
    if (line.rfind("| `", 0) != 0) {
      continue;
    }
    INFO(line);
    const auto opcode = isa::parse_opcode(cell(line, 0));
    REQUIRE(opcode);
    CHECK(cell(line, 1) == isa::engine_names(isa::info(*opcode).engines));
    CHECK(cell(line, 4) == "v" + std::to_string(isa::info(*opcode).since));
    CHECK_FALSE(cell(line, 5).empty());
    CHECK(listed.insert(cell(line, 0)).second);
  }
  CHECK(listed.size() == isa::kOpcodeCount);
}

TEST_CASE("docs/costs.md names parameters that exist") {
  Config config = Config::parse("", "cost_test");
  const EngineParams all{ParamScope(config, "")};
  std::set<std::string> known;
  for (const ParamInfo& info : config.params()) {
    known.insert(info.path);
  }
  std::ifstream page(NSIM_SOURCE_DIR "/docs/costs.md");
  for (std::string line; std::getline(page, line);) {
    for (const char* table : {"tensor.", "vector.", "scalar.", "gpsimd."}) {
      const std::string opening = std::string("`") + table;
      for (std::size_t at = line.find(opening); at != std::string::npos;
           at = line.find(opening, at + 1)) {
        const std::string path = line.substr(at + 1, line.find('`', at + 1) - at - 1);
        INFO(path);
        CHECK(known.count(path) == 1);
      }
    }
  }
}
