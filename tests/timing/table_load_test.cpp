// SPDX-License-Identifier: Apache-2.0
// Function tables of the Scalar engine: when they are loaded, and what waits for them.
#include <catch2/catch.hpp>
#include <filesystem>

#include "sim/base/trace_reader.h"
#include "tests/support/core_bench.h"
#include "tests/support/scratch_folder.h"

using namespace nsim;
using isa::Engine;
using num::Activation;
using test::CoreBench;
using test::in_sbuf;
using test::StreamMaker;

namespace {

isa::StreamInstruction activation(Activation function) {
  isa::StreamInstruction made = test::instruction(Engine::Scalar, isa::Opcode::Activation,
                                                  in_sbuf(0, 256), in_sbuf(4096, 256));
  made.function = function;
  return made;
}

/// When the instruction behind `functions` issues, from the first issue.
SimTime end_of(CoreBench& bench, std::initializer_list<Activation> functions) {
  StreamMaker maker;
  for (const Activation function : functions) {
    maker.add(activation(function));
  }
  maker.add(test::dma(Engine::Scalar));
  bench.start(maker.streams());
  bench.kernel.run();
  return bench.dma.submitted.at(0).at - bench.first_issue();
}

}  // namespace

TEST_CASE("the first activation of a set loads its table, others of the set do not") {
  CoreBench bench;
  const SimTime load = bench.params.engines.scalar.table_load;
  const SimTime work = bench.interval(activation(Activation::Exp));
  CHECK(end_of(bench, {Activation::Exp, Activation::Log, Activation::Exp}) == load + 3 * work);
  CHECK(bench.stat("scalar.table_loads") == 1);
  CHECK(bench.time("scalar.slow_table_load") == load);
  CHECK(bench.time("scalar.busy") == load + 3 * work + bench.interval(test::dma(Engine::Scalar)));
}

TEST_CASE("activations of different sets load every time, functions in every set never") {
  CoreBench bench;
  const SimTime load = bench.params.engines.scalar.table_load;
  const SimTime work = bench.interval(activation(Activation::Exp));
  CHECK(end_of(bench, {Activation::Exp, Activation::Rsqrt, Activation::Exp}) == 3 * (load + work));
  CoreBench simple;
  CHECK(end_of(simple, {Activation::Copy, Activation::Relu, Activation::Square}) == 3 * work);
  CHECK(simple.stat("scalar.table_loads") == 0);
  CoreBench between;
  CHECK(end_of(between, {Activation::Exp, Activation::Copy, Activation::Exp}) == load + 3 * work);
}

TEST_CASE("a table loads while the activation waits for its operands") {
  CoreBench bench;
  REQUIRE(bench.params.engines.scalar.table_load < CoreBench::kDmaLatency);
  StreamMaker maker;
  maker.add(test::dma(Engine::Sync), {}, {{1, 16}}).owner(1, isa::SemaphoreOwner::Dma);
  maker.add(activation(Activation::Exp), {{1, 16}}).add(test::dma(Engine::Scalar));
  bench.start(maker.streams());
  bench.kernel.run();
  const SimTime arrived = CoreBench::kDmaLatency + bench.params.semaphores.latency;
  CHECK(bench.dma.submitted.at(1).at ==
        bench.first_issue() + arrived + bench.interval(activation(Activation::Exp)));
  CHECK(bench.time("scalar.idle_dma") == arrived - bench.params.engines.scalar.table_load);
}

TEST_CASE("a table stays for the next execution") {
  CoreBench bench;
  StreamMaker maker;
  maker.add(activation(Activation::Exp));
  bench.start(maker.streams());
  bench.start(maker.streams(), kMillisecond);
  bench.kernel.run();
  REQUIRE(bench.ended.size() == 2);
  CHECK(bench.ended[0].at - (bench.ended[1].at - kMillisecond) ==
        bench.params.engines.scalar.table_load);
}

TEST_CASE("the trace shows the loading of a table") {
  const test::ScratchFolder folder;
  CoreBench bench;
  Trace trace(folder / "t.pftrace");
  bench.trace = &trace;
  end_of(bench, {Activation::Exp});
  trace.close();
  const TraceFile file = read_trace(folder / "t.pftrace");
  const auto slices = file.slices_of("Scalar(nc0)");
  REQUIRE(slices.size() == 3);
  CHECK(slices[0].name == "act_table_load");
  CHECK(slices[0].duration_ps == bench.params.engines.scalar.table_load);
  CHECK(file.busy("Scalar(nc0)") == bench.time("scalar.busy"));
}
