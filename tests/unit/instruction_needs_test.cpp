// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/instruction_needs.h"

#include <catch2/catch.hpp>

#include "tests/support/core_bench.h"

using namespace nsim;
using isa::Engine;
using isa::Opcode;
using test::CoreBench;
using test::in_psum;
using test::in_sbuf;
using test::StreamMaker;

namespace {

isa::StreamInstruction matmul() {
  return test::instruction(Engine::Tensor, Opcode::NcMatmul, in_psum(0, 128),
                           in_sbuf(0, 128, num::Dtype::Bf16), in_sbuf(256, 128, num::Dtype::Bf16));
}

struct Table {
  explicit Table(std::initializer_list<const char*> settings = {}) : bench(settings) {}

  const hw::InstructionNeeds& of(const isa::StreamInstruction& instruction) {
    maker = StreamMaker();
    maker.add(instruction);
    const isa::CoreStreams& core = maker.streams().cores[0];
    table.start(core);
    return table.of(core.engine[static_cast<std::size_t>(instruction.engine)][0]);
  }

  CoreBench bench;
  hw::Sbuf sbuf{bench.params.sbuf, false};
  hw::Psum psum{bench.params.psum, false};
  StreamMaker maker;
  hw::NeedsTable table{bench.params.engines, sbuf, psum};
};

}  // namespace

TEST_CASE("times are the cost in the clock of the instruction's engine") {
  Table t;
  const isa::StreamInstruction copy = test::copy(Engine::Vector, in_sbuf(0, 100), in_psum(0, 100));
  const hw::InstructionNeeds& needs = t.of(copy);
  CHECK(needs.times.interval == t.bench.interval(copy));
  CHECK(needs.times.latency == t.bench.latency(copy));
  CHECK(needs.port);
  CHECK(needs.banks == t.psum.banks_of(copy));
  CHECK_FALSE(needs.array);
  CHECK_FALSE(needs.dma);
}

TEST_CASE("a limited Tensor engine takes longer by the rate, other engines do not") {
  Table t({"engines.tensor.throttle_rate=0.5"});
  const cost::Cost full = cost::instruction_cost(matmul(), t.bench.params.engines);
  const cost::Cost slow = cost::slowed(full, 0.5);
  const hw::InstructionNeeds pass = t.of(matmul());
  CHECK(pass.array);
  CHECK(pass.times.load == t.bench.load(matmul()));
  CHECK(pass.throttled.interval == t.bench.cycles(Engine::Tensor, slow.interval));
  CHECK(pass.throttled_by == t.bench.cycles(Engine::Tensor, slow.interval - full.interval));
  CHECK(pass.throttled_by > 0);
  const hw::InstructionNeeds copy = t.of(test::copy(Engine::Vector, in_sbuf(0, 9), in_psum(0, 9)));
  CHECK(copy.throttled.interval == copy.times.interval);
}

TEST_CASE("all issues of an instruction look up the same entry, the next execution its own") {
  Table t;
  const isa::StreamInstruction copy = test::copy(Engine::Vector, in_sbuf(0, 100), in_psum(0, 100));
  t.maker.add(copy);
  const isa::CoreStreams& core = t.maker.streams().cores[0];
  t.table.start(core);
  isa::Issue again = core.engine[1][0];
  again.waits = 1;
  CHECK(&t.table.of(again) == &t.table.of(core.engine[1][0]));
  CHECK(t.of(test::dma(Engine::Sync)).dma);
}
