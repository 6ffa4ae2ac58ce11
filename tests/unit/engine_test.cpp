// SPDX-License-Identifier: Apache-2.0
// An engine inside its core. DMA instructions are the probes: FakeDma notes when an engine issues
// them.
#include "sim/hw/engine.h"

#include <catch2/catch.hpp>

#include "tests/support/core_bench.h"

using namespace nsim;
using isa::Engine;
using isa::Opcode;
using isa::SemaphoreOwner;
using test::CoreBench;
using test::in_psum;
using test::in_sbuf;
using test::StreamMaker;

namespace {

isa::StreamInstruction vector_copy(std::int32_t elements) {
  return test::copy(Engine::Vector, in_sbuf(0, elements), in_sbuf(32768, elements));
}

isa::StreamInstruction matmul(std::int64_t stationary, std::int32_t rows) {
  return test::instruction(Engine::Tensor, Opcode::NcMatmul, in_psum(0, rows),
                           in_sbuf(stationary, 128, num::Dtype::Bf16),
                           in_sbuf(1024, rows, num::Dtype::Bf16));
}

}  // namespace

TEST_CASE("an engine issues its next instruction an interval after the one before") {
  CoreBench bench;
  const isa::StreamInstruction work = vector_copy(1000);
  StreamMaker maker;
  maker.add(work).add(work).add(test::dma(Engine::Vector));
  bench.start(maker.streams());
  bench.kernel.run();
  REQUIRE(bench.dma.submitted.size() == 1);
  CHECK(bench.dma.submitted[0].at == bench.first_issue() + 2 * bench.interval(work));
  CHECK(bench.stat("vector.instructions") == 3);
}

TEST_CASE("a waiting engine starts when latency and semaphore latency of the other have passed") {
  CoreBench bench;
  const isa::StreamInstruction work = vector_copy(1000);
  StreamMaker maker;
  maker.add(work, {}, {{7, 1}}).add(test::dma(Engine::Sync), {{7, 1}});
  maker.owner(7, SemaphoreOwner::Vector);
  bench.start(maker.streams());
  bench.kernel.run();
  REQUIRE(bench.dma.submitted.size() == 1);
  const SimTime expected =
      bench.first_issue() + bench.latency(work) + bench.params.semaphores.latency;
  CHECK(bench.dma.submitted[0].at == expected);
  CHECK(bench.time("sync.idle_vector") == expected - bench.first_issue());
}

TEST_CASE("instructions retire in order") {
  CoreBench bench;
  const isa::StreamInstruction slow =
      test::instruction(Engine::Vector, Opcode::Reciprocal, in_sbuf(0, 4000), in_sbuf(0, 4000));
  const isa::StreamInstruction fast = test::nop(Engine::Vector);
  StreamMaker maker;
  maker.add(slow).add(fast, {}, {{7, 1}}).add(test::dma(Engine::Sync), {{7, 1}});
  bench.start(maker.streams());
  bench.kernel.run();
  const SimTime retired = std::max(bench.latency(slow), bench.interval(slow) + bench.latency(fast));
  REQUIRE(bench.dma.submitted.size() == 1);
  CHECK(bench.dma.submitted[0].at ==
        bench.first_issue() + retired + bench.params.semaphores.latency);
}

TEST_CASE("an instruction with several waits starts when the last of them is over") {
  CoreBench bench;
  const isa::StreamInstruction early = vector_copy(100);
  const isa::StreamInstruction late =
      test::copy(Engine::Scalar, in_sbuf(0, 4000), in_sbuf(32768, 4000));
  StreamMaker maker;
  maker.add(early, {}, {{1, 1}}).add(late, {}, {{2, 1}});
  maker.add(test::dma(Engine::Sync), {{1, 1}, {2, 1}});
  maker.owner(1, SemaphoreOwner::Vector).owner(2, SemaphoreOwner::Scalar);
  bench.start(maker.streams());
  bench.kernel.run();
  REQUIRE(bench.dma.submitted.size() == 1);
  const SimTime hop = bench.params.semaphores.latency;
  CHECK(bench.dma.submitted[0].at == bench.first_issue() + bench.latency(late) + hop);
  CHECK(bench.time("sync.idle_vector") == bench.latency(early) + hop);
  CHECK(bench.time("sync.idle_scalar") == bench.latency(late) - bench.latency(early));
}

TEST_CASE("Tensor loads the weights of the next matmul behind the pass under way") {
  CoreBench bench;
  const isa::StreamInstruction first = matmul(0, 512);
  const isa::StreamInstruction second = matmul(256, 512);
  StreamMaker maker;
  maker.add(first).add(second).add(test::dma(Engine::Tensor));
  bench.start(maker.streams());
  bench.kernel.run();
  REQUIRE(bench.load(second) < bench.interval(first));
  CHECK(bench.dma.submitted.at(0).at ==
        bench.first_issue() + bench.load(first) + bench.interval(first) + bench.interval(second));
  CHECK(bench.time("tensor.exposed_weight_load") == bench.load(first));
  CHECK(bench.stat("tensor.matmuls") == 2);
}

TEST_CASE("weights that take longer than the pass before delay the array") {
  CoreBench bench({"engines.tensor.load_speedup=1"});
  const isa::StreamInstruction first = matmul(0, 64);
  const isa::StreamInstruction second = matmul(256, 64);
  StreamMaker maker;
  maker.add(first).add(second).add(test::dma(Engine::Tensor));
  bench.start(maker.streams());
  bench.kernel.run();
  REQUIRE(bench.load(second) > bench.interval(first));
  CHECK(bench.dma.submitted.at(0).at ==
        bench.first_issue() + bench.load(first) + bench.load(second) + bench.interval(second));
}

TEST_CASE("a matmul whose operands come late loads its weights after them") {
  CoreBench bench;
  const isa::StreamInstruction first = matmul(0, 64);
  const isa::StreamInstruction second = matmul(256, 64);
  StreamMaker maker;
  maker.add(first).add(second, {{3, 16}}).add(test::dma(Engine::Tensor));
  maker.add(test::dma(Engine::Sync), {}, {{3, 16}}).owner(3, SemaphoreOwner::Dma);
  bench.start(maker.streams());
  bench.kernel.run();
  const SimTime arrived =
      bench.first_issue() + CoreBench::kDmaLatency + bench.params.semaphores.latency;
  CHECK(bench.dma.submitted.at(1).at == arrived + bench.load(second) + bench.interval(second));
  CHECK(bench.time("tensor.idle_dma") ==
        arrived - bench.first_issue() - bench.load(first) - bench.interval(first));
}

TEST_CASE(
    "weights that are already in the array are not loaded again unless somebody may have changed "
    "them") {
  const isa::StreamInstruction same = matmul(0, 64);
  const auto end = [&](const char* setting, bool wait) {
    CoreBench bench({"engines.tensor.load_speedup=1", setting});
    StreamMaker maker;
    maker.add(same, {}, {{4, 1}});
    if (wait) {
      maker.add(same, {{4, 1}});
    } else {
      maker.add(same);
    }
    maker.add(test::dma(Engine::Tensor));
    bench.start(maker.streams());
    bench.kernel.run();
    return bench.dma.submitted.at(0).at - bench.first_issue() - bench.load(same);
  };
  const CoreBench bench({"engines.tensor.load_speedup=1"});
  const SimTime pass = bench.interval(same);
  REQUIRE(bench.load(same) > pass);
  CHECK(end("reuse_weights=true", false) == 2 * pass);
  CHECK(end("reuse_weights=false", false) == bench.load(same) + pass);
  CHECK(end("reuse_weights=true", true) ==
        bench.latency(same) + bench.params.semaphores.latency + bench.load(same) + pass);
}

TEST_CASE("a hung engine never retires what it began, and nothing behind it") {
  CoreBench bench;
  StreamMaker maker;
  maker.add(vector_copy(100), {}, {{7, 1}}).add(vector_copy(100), {}, {{7, 1}});
  maker.add(test::dma(Engine::Sync), {{7, 1}});
  bench.core().hang();
  bench.start(maker.streams());
  bench.kernel.run();
  CHECK(bench.dma.submitted.empty());
  CHECK(bench.ended.empty());
  CHECK(bench.core().running());
}

TEST_CASE("an engine computes with numerics on") {
  CoreBench bench({}, true);
  isa::StreamInstruction fill = test::instruction(Engine::GpSimd, Opcode::Memset, in_sbuf(0, 4));
  fill.immediate = 3;
  StreamMaker maker;
  maker.add(fill);
  bench.start(maker.streams());
  bench.kernel.run();
  CHECK(reinterpret_cast<const float*>(bench.core().sbuf().storage())[3] == 3);
}
