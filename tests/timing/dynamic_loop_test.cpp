// SPDX-License-Identifier: Apache-2.0
// What running a loop costs the engines in it, and when its instructions are fetched.
#include <catch2/catch.hpp>

#include "sim/isa/expand.h"
#include "sim/isa/text.h"
#include "tests/support/core_bench.h"
#include "tests/support/isa_limits.h"

using namespace nsim;
using isa::Engine;
using isa::Opcode;
using test::CoreBench;

namespace {

constexpr int kTrips = 40;

std::shared_ptr<const isa::Streams> loop(const std::string& kind, int body, Engine engine,
                                         int trips = kTrips) {
  std::string text = "program p\ntarget trn1\nsync explicit\ntensor x input float32 [1, 1]\n";
  text += "sbuf t float32 [1, 1]\nloop i 0.." + std::to_string(trips) + " " + kind + " {\n";
  const std::string name = isa::name(engine);
  for (int i = 0; i < body; ++i) {
    text += "  " + name + ".nop\n";
  }
  text += "}\n" + name + ".dma_copy t, x\n";
  return isa::expand(isa::parse_text(text, "p.nasm"), isa::test::trn1_limits());
}

/// When the transfer behind the loop is triggered, after the first instruction could issue.
SimTime length(CoreBench& bench, const isa::Streams& streams) {
  bench.start(streams);
  bench.kernel.run();
  return bench.dma.submitted.at(0).at - bench.first_issue();
}

}  // namespace

TEST_CASE("an iteration of a dynamic loop costs an update and a branch, the loop a move") {
  for (const Engine engine :
       {Engine::Tensor, Engine::Vector, Engine::Scalar, Engine::GpSimd, Engine::Sync}) {
    CoreBench unrolled;
    const SimTime work = length(unrolled, *loop("", 3, engine));
    CHECK(work == 3 * kTrips * unrolled.interval(test::nop(engine)));
    CoreBench rolled({"engines.branch=20ns", "engines.register_update=10ns"});
    const SimTime update = rolled.interval(test::instruction(engine, Opcode::RegisterAlu));
    const SimTime branch = rolled.interval(test::instruction(engine, Opcode::Branch));
    CHECK(length(rolled, *loop("dynamic", 3, engine)) ==
          work + update + kTrips * (update + branch));
    const std::string name = isa::name(engine);
    CHECK(rolled.stat(name + ".instructions") == 1 + 5 * kTrips + 1);
    CHECK(rolled.stat(name + ".fetch_bytes") ==
          static_cast<double>((1 + 5 + 1) * rolled.params.fetch.instruction_bytes));
  }
}

TEST_CASE("a loop whose body does not fit the buffer waits for its fetch in every iteration") {
  CoreBench bench;
  const hw::FetchParams& fetch = bench.params.fetch;
  const auto fits = static_cast<int>(fetch.buffer_bytes / fetch.instruction_bytes);
  const SimTime nop = bench.interval(test::nop(Engine::Sync));
  const SimTime move = bench.interval(test::instruction(Engine::Sync, Opcode::RegisterMove));
  const SimTime control = move + bench.interval(test::instruction(Engine::Sync, Opcode::Branch));

  // Move, body, update and branch fill the buffer exactly; what follows is fetched when the loop is
  // over.
  const int kept = fits - 3;
  CHECK(length(bench, *loop("dynamic", kept, Engine::Sync)) ==
        move + kTrips * (kept * nop + control) + fetch.latency);
  // With one more, the branch lies in a burst beyond.
  CoreBench other;
  const int more = kept + 1;
  CHECK(length(other, *loop("dynamic", more, Engine::Sync)) ==
        move + kTrips * (more * nop + control) + (kTrips - 1) * fetch.latency);
}
