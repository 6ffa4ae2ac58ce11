// SPDX-License-Identifier: Apache-2.0
#include "sim/cost/cost.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <set>
#include <string>

#include "sim/isa/opcode.h"
#include "tests/support/cost_bench.h"

using namespace nsim;
using namespace nsim::cost;
using namespace nsim::cost::test;

namespace {

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

TEST_CASE("a transfer by indices has descriptors for every row, on whichever side the table is") {
  const EngineParams v2 = params();
  Operand row = on_chip(Dtype::Bf16, 512);  // of the table: one of many
  row.space = Space::Hbm;
  row.partitions = 1;
  row.dims = 2;
  row.dim[0] = {1024, 2};
  row.dim[1] = {1, 256};
  Operand index = on_chip(Dtype::Int32, 1);
  StreamInstruction gather =
      make(Opcode::DmaGather, Engine::GpSimd, on_chip(Dtype::Bf16, 512), {row, index});
  gather.dge = isa::DgeMode::Swdge;
  CHECK(descriptors(gather) == 2 * 128);
  StreamInstruction scatter =
      make(Opcode::DmaScatter, Engine::GpSimd, row, {on_chip(Dtype::Bf16, 512), index});
  scatter.dge = isa::DgeMode::Swdge;
  CHECK(descriptors(scatter) == 2 * 128);
  CHECK(interval(scatter, v2) == interval(gather, v2));
  scatter.dst.dims = 1;
  scatter.dst.dim[0] = {1, 512};
  CHECK(descriptors(scatter) == 128);
}

TEST_CASE("a copy whose offset is in a register takes as long as a dynamic one at least") {
  const EngineParams v2 = params();
  StreamInstruction copy = make(Opcode::TensorCopy, Engine::Vector, on_chip(Dtype::Bf16, 64),
                                {on_chip(Dtype::Bf16, 64)});
  const std::int64_t still = interval(copy, v2);
  copy.src_moved = {1, 2, 100};
  CHECK(interval(copy, v2) == std::max(still, v2.dynamic_copy_interval));
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
