// SPDX-License-Identifier: Apache-2.0
// From an update to the engine that waits for it: not at t-1, at t.
#include <catch2/catch.hpp>

#include "tests/support/core_bench.h"

using namespace nsim;
using isa::Engine;
using test::CoreBench;
using test::in_sbuf;
using test::StreamMaker;

TEST_CASE("an engine that waits for a transfer starts a semaphore latency after its last part") {
  CoreBench bench;
  StreamMaker maker;
  maker.add(test::dma(Engine::Sync), {}, {{1, 16}}).add(test::dma(Engine::Scalar), {{1, 16}});
  bench.start(maker.streams());
  const SimTime expected =
      bench.first_issue() + CoreBench::kDmaLatency + bench.params.semaphores.latency;
  bench.kernel.run_until(expected - 1);
  CHECK(bench.dma.submitted.size() == 1);
  bench.kernel.run_until(expected);
  CHECK(bench.dma.submitted.size() == 2);
}

TEST_CASE(
    "an engine that comes after the update but within its latency starts no earlier than one that "
    "waited") {
  CoreBench bench({"semaphores.latency=10us"});
  const auto work = test::copy(Engine::Vector, in_sbuf(0, 1000), in_sbuf(8192, 1000));
  const auto other = test::copy(Engine::Scalar, in_sbuf(0, 6000), in_sbuf(32768, 6000));
  REQUIRE(bench.interval(other) > bench.latency(work));
  StreamMaker maker;
  maker.add(work, {}, {{1, 1}});
  maker.add(test::dma(Engine::Sync), {{1, 1}});
  maker.add(other).add(test::dma(Engine::Scalar), {{1, 1}});
  bench.start(maker.streams());
  const SimTime expected =
      bench.first_issue() + bench.latency(work) + bench.params.semaphores.latency;
  bench.kernel.run_until(expected - 1);
  CHECK(bench.dma.submitted.empty());
  bench.kernel.run_until(expected);
  CHECK(bench.dma.submitted.size() == 2);
}

TEST_CASE("an engine that comes long after the update does not wait") {
  CoreBench bench;
  const auto work = test::copy(Engine::Vector, in_sbuf(0, 100), in_sbuf(8192, 100));
  const auto other = test::copy(Engine::Scalar, in_sbuf(0, 6000), in_sbuf(32768, 6000));
  StreamMaker maker;
  maker.add(work, {}, {{1, 1}}).add(other).add(test::dma(Engine::Scalar), {{1, 1}});
  bench.start(maker.streams());
  bench.kernel.run();
  REQUIRE(bench.dma.submitted.size() == 1);
  CHECK(bench.dma.submitted[0].at == bench.first_issue() + bench.interval(other));
}

TEST_CASE("the first instructions issue a fetch latency after the start") {
  CoreBench bench({"fetch_latency=3us"});
  StreamMaker maker;
  maker.add(test::dma(Engine::Sync));
  bench.start(maker.streams(), 500);
  bench.kernel.run_until(500 + 3 * kMicrosecond - 1);
  CHECK(bench.dma.submitted.empty());
  bench.kernel.run_until(500 + 3 * kMicrosecond);
  CHECK(bench.dma.submitted.size() == 1);
}

TEST_CASE("a thousand matmuls drift by less than a picosecond each") {
  CoreBench bench;
  auto matmul =
      test::instruction(Engine::Tensor, isa::Opcode::NcMatmul, test::in_psum(0, 512),
                        in_sbuf(0, 128, num::Dtype::Bf16), in_sbuf(1024, 512, num::Dtype::Bf16));
  StreamMaker maker;
  for (int i = 0; i < 1000; ++i) {
    maker.add(matmul);
  }
  maker.add(test::dma(Engine::Tensor));
  bench.start(maker.streams());
  bench.kernel.run();
  REQUIRE(bench.dma.submitted.size() == 1);
  const SimTime passes = bench.dma.submitted[0].at - bench.first_issue() - bench.load(matmul);
  const SimTime exact = bench.cycles(
      Engine::Tensor, 1000 * cost::instruction_cost(matmul, bench.params.engines).interval);
  CHECK(std::abs(passes - exact) < 1000);
}
