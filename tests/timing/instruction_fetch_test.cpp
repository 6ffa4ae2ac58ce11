// SPDX-License-Identifier: Apache-2.0
// Sequencers: fetching instructions in step with executing them, and what control costs.
#include <catch2/catch.hpp>

#include "tests/support/core_bench.h"

using namespace nsim;
using isa::Engine;
using test::CoreBench;
using test::in_sbuf;
using test::StreamMaker;

namespace {

constexpr const char* kTrn1 = NSIM_SOURCE_DIR "/configs/trn1.toml";
constexpr const char* kTrn2 = NSIM_SOURCE_DIR "/configs/trn2.toml";

StreamMaker many(const isa::StreamInstruction& instruction, int count) {
  StreamMaker maker;
  for (int i = 0; i < count; ++i) {
    maker.add(instruction);
  }
  maker.add(test::dma(instruction.engine));
  return maker;
}

SimTime issue_of_probe(CoreBench& bench, const StreamMaker& maker) {
  bench.start(maker.streams());
  bench.kernel.run();
  return bench.dma.submitted.at(0).at - bench.first_issue();
}

}  // namespace

TEST_CASE("the shortest instructions of every shipped device never wait for their fetch") {
  constexpr int kCount = 5000;
  for (const char* device : {kTrn1, kTrn2}) {
    for (const Engine engine :
         {Engine::Tensor, Engine::Vector, Engine::Scalar, Engine::GpSimd, Engine::Sync}) {
      CoreBench bench({}, false, 1, device);
      const isa::StreamInstruction nop = test::nop(engine);
      CHECK(issue_of_probe(bench, many(nop, kCount)) == kCount * bench.interval(nop));
      const std::string name = isa::name(engine);
      CHECK(bench.time(name + ".idle_fetch") == bench.first_issue());
      CHECK(bench.stat(name + ".fetch_bytes") ==
            static_cast<double>((kCount + 1) * bench.params.fetch.instruction_bytes));
    }
  }
}

TEST_CASE("an engine that is faster than its fetch is idle for it") {
  CoreBench bench({"fetch_rate=1GB/s"});
  const hw::FetchParams& fetch = bench.params.fetch;
  const std::int64_t per_burst = fetch.burst_bytes / fetch.instruction_bytes;
  const SimTime burst = transfer_time(fetch.burst_bytes, fetch.rate);
  const isa::StreamInstruction nop = test::nop(Engine::Sync);
  REQUIRE(per_burst * bench.interval(nop) < burst);
  // The last of 50 bursts holds the probe alone.
  const SimTime at = issue_of_probe(bench, many(nop, static_cast<int>(49 * per_burst)));
  CHECK(at == 49 * burst);
  CHECK(bench.time("sync.idle_fetch") ==
        bench.first_issue() + at - 49 * per_burst * bench.interval(nop));
}

// NKI performance guide, profiles of trn1.
TEST_CASE(
    "a control instruction takes 9 ns and a waiting engine starts 40 ns after the other's end") {
  CoreBench bench({}, false, 1, kTrn1);
  const isa::StreamInstruction wait = test::instruction(Engine::Sync, isa::Opcode::SemaphoreWait);
  CHECK(bench.interval(wait) == Approx(9 * kNanosecond).margin(kNanosecond));
  const isa::StreamInstruction work =
      test::copy(Engine::Scalar, in_sbuf(0, 512), in_sbuf(8192, 512));
  StreamMaker maker;
  maker.add(work, {}, {{1, 1}}).add(test::dma(Engine::Vector), {{1, 1}});
  const SimTime started = issue_of_probe(bench, maker);
  CHECK(started - bench.latency(work) == 40 * kNanosecond);
}
