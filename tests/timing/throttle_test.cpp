// SPDX-License-Identifier: Apache-2.0
// The Tensor engine of trn2 from a standstill, in streams with and without gaps.
#include <catch2/catch.hpp>
#include <filesystem>

#include "sim/base/trace_reader.h"
#include "tests/support/core_bench.h"
#include "tests/support/scratch_folder.h"

using namespace nsim;
using isa::Engine;
using test::CoreBench;
using test::in_sbuf;
using test::StreamMaker;

namespace {

constexpr const char* kTrn2 = NSIM_SOURCE_DIR "/configs/trn2.toml";

isa::StreamInstruction matmul() {
  return test::instruction(Engine::Tensor, isa::Opcode::NcMatmul, test::in_psum(0, 512),
                           in_sbuf(0, 128, num::Dtype::Bf16), in_sbuf(1024, 512, num::Dtype::Bf16));
}

/// `count` matmuls, each waiting for a Vector instruction that takes about `period`.
StreamMaker paced(const CoreBench& bench, int count, SimTime period) {
  const isa::StreamInstruction probe =
      test::copy(Engine::Vector, in_sbuf(0, 10000), in_sbuf(65536, 10000));
  const auto elements = static_cast<std::int32_t>(10000 * period / bench.interval(probe));
  StreamMaker maker;
  for (int i = 1; i <= count; ++i) {
    maker.add(test::copy(Engine::Vector, in_sbuf(0, elements), in_sbuf(65536, elements)), {},
              {{1, 1}});
    maker.add(matmul(), {{1, i}});
  }
  return maker;
}

struct Paced {
  double active_ns;  // per matmul
  double slow_ns;
};

Paced run_paced(SimTime period) {
  CoreBench bench({}, false, 1, kTrn2);
  constexpr int kCount = 1000;
  const StreamMaker maker = paced(bench, kCount, period);
  bench.start(maker.streams());
  bench.kernel.run();
  return {bench.stat("tensor.active") / kCount, bench.stat("tensor.slow_throttle") / kCount};
}

double nanoseconds(SimTime time) {
  return static_cast<double>(time) / kNanosecond;
}

}  // namespace

TEST_CASE("a stream runs at the reduced rate for the ramp and at the full one from then on") {
  CoreBench bench({}, false, 1, kTrn2);
  const cost::ThrottleParams& throttle = bench.params.engines.tensor.throttle;
  StreamMaker maker;
  constexpr int kCount = 40;
  for (int i = 0; i < kCount; ++i) {
    maker.add(matmul()).add(test::dma(Engine::Tensor));
  }
  bench.start(maker.streams());
  bench.kernel.run();
  const cost::Cost full = cost::instruction_cost(matmul(), bench.params.engines);
  const cost::Cost slow = cost::slowed(full, throttle.rate);
  CHECK(slow.interval == 2 * full.interval);
  const SimTime trigger = bench.interval(test::dma(Engine::Tensor));
  const SimTime weights = bench.cycles(Engine::Tensor, slow.load);
  const SimTime slow_pass = bench.cycles(Engine::Tensor, slow.interval);
  const SimTime full_pass = bench.cycles(Engine::Tensor, full.interval);
  // The weights of later matmuls load behind the trigger.
  REQUIRE(weights < trigger);
  SimTime at = bench.first_issue();
  SimTime begin = at + weights;
  int limited = 0;
  for (const auto& submitted : bench.dma.submitted) {
    const bool slowed = begin < bench.first_issue() + throttle.ramp;
    limited += slowed ? 1 : 0;
    CHECK(submitted.at == begin + (slowed ? slow_pass : full_pass));
    begin = submitted.at + trigger;
  }
  CHECK(bench.stat("tensor.slow_throttle") / nanoseconds(slow_pass - full_pass) ==
        Approx(limited).epsilon(1e-4));
  CHECK(limited < kCount / 2);
}

TEST_CASE("without a throttle the first matmul takes what the last one takes") {
  CoreBench bench({"engines.tensor.throttle=false"}, false, 1, kTrn2);
  StreamMaker maker;
  maker.add(matmul()).add(test::dma(Engine::Tensor));
  bench.start(maker.streams());
  bench.kernel.run();
  CHECK(bench.dma.submitted.at(0).at ==
        bench.first_issue() + bench.load(matmul()) + bench.interval(matmul()));
  CHECK(bench.stat("tensor.slow_throttle") == 0);
}

// neuron-agentic-development, matmul profiles on trn2: a 4096^3 matmul that waits 965 ns for the
// operands of each nc_matmul has the Tensor engine active for 587 ns of them; one of 2048^3 that
// waits 594 ns has it active for 410 ns.
TEST_CASE("matmuls far apart stay limited, those closer together do not") {
  const CoreBench bench({}, false, 1, kTrn2);
  const cost::Cost full = cost::instruction_cost(matmul(), bench.params.engines);
  const cost::Cost slow = cost::slowed(full, bench.params.engines.tensor.throttle.rate);
  const Paced apart = run_paced(965 * kNanosecond);
  CHECK(apart.active_ns ==
        Approx(nanoseconds(bench.cycles(Engine::Tensor, slow.load + slow.latency))).epsilon(0.001));
  CHECK(apart.active_ns == Approx(587).epsilon(0.1));
  CHECK(apart.slow_ns == Approx(nanoseconds(bench.interval(matmul()))).epsilon(0.001));
  const Paced close = run_paced(594 * kNanosecond);
  CHECK(close.active_ns ==
        Approx(nanoseconds(bench.cycles(Engine::Tensor, full.load + full.latency))).epsilon(0.02));
  CHECK(close.active_ns == Approx(410).epsilon(0.1));
  CHECK(close.slow_ns < 0.01 * nanoseconds(bench.interval(matmul())));
}

TEST_CASE("the trace shows the rate of Tensor whenever it changes") {
  const test::ScratchFolder folder;
  CoreBench bench({}, false, 1, kTrn2);
  StreamMaker maker;
  for (int i = 0; i < 40; ++i) {
    maker.add(matmul());
  }
  Trace trace(folder / "t.pftrace");
  bench.trace = &trace;
  bench.start(maker.streams());
  bench.kernel.run();
  trace.close();
  const TraceFile file = read_trace(folder / "t.pftrace");
  REQUIRE(file.counters.size() == 2);
  CHECK(file.counters[0].value == 100 * bench.params.engines.tensor.throttle.rate);
  CHECK(file.counters[1].value == 100);
  CHECK(file.counters[1].at_ns ==
        (bench.first_issue() + bench.params.engines.tensor.throttle.ramp) / kNanosecond);
}
