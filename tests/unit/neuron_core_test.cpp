// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/neuron_core.h"

#include <catch2/catch.hpp>

#include "tests/support/core_bench.h"

using namespace nsim;
using hw::DeviceError;
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

isa::StreamInstruction barrier(Engine engine) {
  return test::instruction(engine, Opcode::CoreBarrier);
}

/// A load, a matmul, an activation and a store that wait for each other, `tiles` times.
StreamMaker pipeline(int tiles) {
  StreamMaker maker;
  maker.owner(1, SemaphoreOwner::Dma).owner(2, SemaphoreOwner::Tensor);
  maker.owner(3, SemaphoreOwner::Scalar).owner(4, SemaphoreOwner::Vector);
  for (int i = 1; i <= tiles; ++i) {
    maker.add(test::dma(Engine::Sync), {}, {{1, 16}});
    maker.add(
        test::instruction(Engine::Tensor, Opcode::NcMatmul, in_psum(0, 256),
                          in_sbuf(0, 128, num::Dtype::Bf16), in_sbuf(1024, 256, num::Dtype::Bf16)),
        {{1, 16 * i}}, {{2, 1}});
    maker.add(test::copy(Engine::Scalar, in_sbuf(4096, 256), in_psum(0, 256)), {{2, i}}, {{3, 1}});
    maker.add(test::copy(Engine::Vector, in_sbuf(8192, 256), in_psum(0, 256)), {{2, i}}, {{4, 1}});
    maker.add(test::dma(Engine::GpSimd), {{3, i}, {4, i}});
  }
  return maker;
}

const char* const kCauses[] = {"tensor", "vector", "scalar", "gpsimd", "sync",   "dma",
                               "peer",   "port",   "other",  "fetch",  "drained"};

void check_that_time_adds_up(const CoreBench& bench) {
  for (int i = 0; i < isa::kEngineCount; ++i) {
    const std::string engine = isa::name(static_cast<Engine>(i));
    SimTime sum = bench.time(engine + ".busy");
    for (const char* cause : kCauses) {
      sum += bench.time(engine + ".idle_" + cause);
    }
    INFO(engine);
    CHECK(sum == bench.time("active"));
  }
}

}  // namespace

TEST_CASE("an execution is done once, when streams have retired and transfers are over") {
  CoreBench bench;
  const isa::StreamInstruction work = vector_copy(100);
  StreamMaker maker;
  maker.add(work).add(test::dma(Engine::Sync));
  bench.start(maker.streams());
  bench.kernel.run_until(bench.first_issue() + CoreBench::kDmaLatency - 1);
  CHECK(bench.ended.empty());
  CHECK(bench.core().running());
  bench.kernel.run();
  REQUIRE(bench.ended.size() == 1);
  CHECK(bench.ended[0].at == bench.first_issue() + CoreBench::kDmaLatency);
  CHECK(bench.ended[0].error == DeviceError::None);
  CHECK_FALSE(bench.core().running());
}

TEST_CASE("the last instruction counts until it has retired") {
  CoreBench bench;
  const isa::StreamInstruction work = vector_copy(2000);
  StreamMaker maker;
  maker.add(work);
  bench.start(maker.streams());
  bench.kernel.run();
  REQUIRE(bench.ended.size() == 1);
  CHECK(bench.ended[0].at == bench.first_issue() + bench.latency(work));
}

TEST_CASE("an execution without instructions ends when they would have been fetched") {
  CoreBench bench;
  const StreamMaker maker;
  bench.start(maker.streams());
  bench.kernel.run();
  REQUIRE(bench.ended.size() == 1);
  CHECK(bench.ended[0].at == bench.first_issue());
  CHECK(bench.ended[0].error == DeviceError::None);
}

TEST_CASE("busy and idle times of every engine add up to the time the core was active") {
  CoreBench bench;
  const StreamMaker maker = pipeline(5);
  bench.start(maker.streams());
  bench.start(maker.streams(), 100 * kMicrosecond);
  bench.kernel.run();
  REQUIRE(bench.ended.size() == 2);
  CHECK(bench.time("active") == bench.ended[0].at + bench.ended[1].at - 100 * kMicrosecond);
  check_that_time_adds_up(bench);
}

TEST_CASE("times add up in the middle of an execution and after an abort, too") {
  CoreBench bench;
  const StreamMaker maker = pipeline(50);
  bench.start(maker.streams());
  bench.kernel.run_until(7 * kMicrosecond + 123);
  check_that_time_adds_up(bench);
  bench.kernel.at(8 * kMicrosecond, [&] { bench.core().abort(DeviceError::Hang); });
  bench.kernel.run();
  REQUIRE(bench.ended.size() == 1);
  CHECK(bench.time("active") == 8 * kMicrosecond);
  check_that_time_adds_up(bench);
}

TEST_CASE("a second execution of the same streams takes the same time: semaphores start at zero") {
  CoreBench bench;
  const StreamMaker maker = pipeline(5);
  bench.start(maker.streams());
  bench.start(maker.streams(), 100 * kMicrosecond);
  bench.kernel.run();
  REQUIRE(bench.ended.size() == 2);
  CHECK(bench.ended[1].at - 100 * kMicrosecond == bench.ended[0].at);
}

TEST_CASE("times with numerics on and off are the same") {
  const StreamMaker maker = pipeline(5);
  std::vector<SimTime> ends;
  for (const bool numerics : {false, true}) {
    CoreBench bench({}, numerics);
    bench.start(maker.streams());
    bench.kernel.run();
    ends.push_back(bench.ended.at(0).at);
    CHECK((bench.core().sbuf().storage() != nullptr) == numerics);
  }
  CHECK(ends[0] == ends[1]);
}

TEST_CASE("an abort ends the execution at once, and what was under way comes to nothing") {
  CoreBench bench;
  StreamMaker maker;
  maker.add(test::dma(Engine::Sync), {}, {{1, 16}}).add(vector_copy(100), {{1, 16}});
  bench.start(maker.streams());
  const SimTime abort = bench.first_issue() + CoreBench::kDmaLatency / 2;
  bench.kernel.at(abort, [&] { bench.core().abort(DeviceError::Hang); });
  // The transfer of the first execution reports into the second one, which has a number of its own.
  bench.start(maker.streams(), abort + 1);
  bench.kernel.run();
  REQUIRE(bench.ended.size() == 2);
  CHECK(bench.ended[0].at == abort);
  CHECK(bench.ended[0].error == DeviceError::Hang);
  CHECK(bench.dma.aborted == std::vector<std::uint64_t>{1});
  CHECK(bench.ended[1].error == DeviceError::None);
  CHECK(bench.ended[1].at == abort + 1 + bench.first_issue() + CoreBench::kDmaLatency +
                                 bench.params.semaphores.latency + bench.latency(vector_copy(100)));
}

TEST_CASE("an abort of an idle core does nothing") {
  CoreBench bench;
  bench.kernel.at(5, [&] { bench.core().abort(DeviceError::Hang); });
  bench.kernel.run();
  CHECK(bench.ended.empty());
}

TEST_CASE("a failed transfer fails the execution") {
  CoreBench bench;
  bench.dma.error = DeviceError::OutOfBounds;
  StreamMaker maker;
  maker.add(test::dma(Engine::Sync)).add(test::dma(Engine::Sync));
  bench.start(maker.streams());
  bench.kernel.run();
  REQUIRE(bench.ended.size() == 1);
  CHECK(bench.ended[0].error == DeviceError::OutOfBounds);
  CHECK(bench.ended[0].at == bench.first_issue() + CoreBench::kDmaLatency);
}

TEST_CASE("a semaphore that overflows fails the execution") {
  CoreBench bench;
  StreamMaker maker;
  maker.add(vector_copy(10), {}, {{1, INT32_MAX}}).add(vector_copy(10), {}, {{1, 1}});
  bench.start(maker.streams());
  bench.kernel.run();
  REQUIRE(bench.ended.size() == 1);
  CHECK(bench.ended[0].error == DeviceError::SemaphoreMisuse);
}

TEST_CASE("a wait that nobody ends leaves the core running until it is aborted") {
  CoreBench bench;
  StreamMaker maker;
  maker.add(vector_copy(10), {{9, 1}});
  bench.start(maker.streams());
  bench.kernel.run();
  CHECK(bench.ended.empty());
  bench.kernel.at(kMillisecond, [&] { bench.core().abort(DeviceError::Hang); });
  bench.kernel.run();
  REQUIRE(bench.ended.size() == 1);
  CHECK(bench.time("vector.idle_other") == kMillisecond - bench.first_issue());
}

TEST_CASE("cores leave a barrier when the last of them has reached it and the others know") {
  CoreBench bench({}, false, 2);
  StreamMaker maker(2);
  const isa::StreamInstruction early = vector_copy(100);
  const isa::StreamInstruction late = vector_copy(5000);
  for (int core = 0; core < 2; ++core) {
    maker.add(core == 0 ? early : late, {}, {}, core);
    maker.add(barrier(Engine::Vector), {}, {}, core);
    maker.add(test::dma(Engine::Vector), {}, {}, core);
  }
  bench.start(maker.streams());
  bench.kernel.run();
  const SimTime left =
      bench.first_issue() + bench.latency(late) + bench.params.semaphores.peer_latency;
  const SimTime expected = left + bench.interval(barrier(Engine::Vector));
  REQUIRE(bench.dma.submitted.size() == 2);
  CHECK(bench.dma.submitted[0].at == expected);
  CHECK(bench.dma.submitted[1].at == expected);
  CHECK(bench.time("vector.idle_peer", 0) == left - bench.first_issue() - bench.interval(early));
  CHECK(bench.ended.size() == 2);
}

TEST_CASE("the k-th barrier of a core meets the k-th of its peer") {
  CoreBench bench({}, false, 2);
  StreamMaker maker(2);
  for (int core = 0; core < 2; ++core) {
    for (int i = 0; i < 3; ++i) {
      maker.add(vector_copy(core == i % 2 ? 4000 : 100), {}, {}, core);
      maker.add(barrier(Engine::Vector), {}, {}, core);
    }
  }
  bench.start(maker.streams());
  bench.kernel.run();
  REQUIRE(bench.ended.size() == 2);
  const isa::StreamInstruction meet = barrier(Engine::Vector);
  CHECK(bench.ended[0].at >= bench.first_issue() + 3 * bench.latency(vector_copy(4000)));
  CHECK(bench.ended[0].at == bench.ended[1].at);
  CHECK(bench.ended[0].at ==
        bench.first_issue() +
            3 * (bench.latency(vector_copy(4000)) + bench.params.semaphores.peer_latency) +
            2 * bench.interval(meet) + bench.latency(meet));
}

TEST_CASE("a core without peers passes its barriers alone") {
  CoreBench bench;
  StreamMaker maker;
  maker.add(barrier(Engine::Sync)).add(test::dma(Engine::Sync));
  bench.start(maker.streams());
  bench.kernel.run();
  REQUIRE(bench.dma.submitted.size() == 1);
  CHECK(bench.dma.submitted[0].at == bench.first_issue() + bench.interval(barrier(Engine::Sync)));
}

TEST_CASE("the next execution may start from within the end of the one before") {
  CoreBench bench;
  StreamMaker maker;
  maker.add(test::dma(Engine::Sync), {}, {{1, 16}}).add(vector_copy(10), {{1, 16}});
  hw::ExecutionContext contexts[2];
  std::vector<SimTime> ends;
  for (std::uint64_t i = 0; i < 2; ++i) {
    contexts[i].streams = &maker.streams();
    contexts[i].execution = i;
  }
  const isa::CoreStreams& streams = maker.streams().cores[0];
  bench.kernel.at(0, [&] {
    bench.core().start(streams, contexts[0], [&](DeviceError) {
      ends.push_back(hw::now());
      bench.core().start(streams, contexts[1], [&](DeviceError) { ends.push_back(hw::now()); });
    });
  });
  bench.kernel.run();
  REQUIRE(ends.size() == 2);
  CHECK(ends[1] == 2 * ends[0]);
}
