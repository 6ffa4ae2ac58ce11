// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/resolve.h"

#include <catch2/catch.hpp>

#include "sim/isa/builder.h"
#include "tests/support/isa_limits.h"

using namespace nsim;
using namespace nsim::isa;
using num::Dtype;

namespace {

const StreamInstruction& at(const Streams& streams, Engine engine, std::size_t position) {
  const CoreStreams& core = streams.cores.at(0);
  return core.instruction(core.engine[static_cast<std::size_t>(engine)].at(position));
}

/// Prepares one instruction of a program, by itself.
struct Prepared {
  explicit Prepared(Program written) : program(std::move(written)) {}
  Program program;
  Limits limits = test::trn2_limits();
  Placement placement = find_places(program, limits);
  Resolver resolver{program, limits, placement};
  PreparedInstruction instruction = resolver.prepare(std::get<Instruction>(program.body.at(0)));

  StreamInstruction issue(std::vector<std::int64_t> variables) {
    resolver.issue(instruction, variables);
    return instruction.resolved;
  }
};

}  // namespace

TEST_CASE("what depends on variables is filled in at each issue, the rest once") {
  Builder b("one", "trn2", 1);
  const BufferRef s = b.sbuf("s", Dtype::Bf16, 64, 256, 512);
  b.program().buffers[0].partition = 64;
  Access dst = s.at(b.core() * 32, 32, b.core() * 100 + Expr(4), {{-1, 4}, {2, 1}});
  b.iota(dst, b.core() * 7, 3, {5, 6});
  Prepared one(b.finish());

  CHECK(one.instruction.resolved.pattern[1] == 6);
  CHECK(one.instruction.resolved.partition_step == 3);
  CHECK(one.instruction.work.elementwise_ops == 32 * 4);
  const StreamInstruction first = one.issue({0});
  CHECK(first.dst.partition == 64);
  CHECK(first.dst.offset == 512 + 4 * 2);
  CHECK(first.base == 0);
  const StreamInstruction second = one.issue({1});
  CHECK(second.dst.partition == 96);
  CHECK(second.dst.offset == 512 + 104 * 2);
  CHECK(second.base == 7);
}

TEST_CASE("an address that is wrong in one iteration is refused in that one") {
  Builder b("one", "trn2", 1);
  const BufferRef s = b.sbuf("s", Dtype::Bf16, 128, 256);
  b.memset(Engine::Vector, s.at(b.core() * 200, {{1, 100}}), 0);
  Prepared one(b.finish());

  CHECK_NOTHROW(one.issue({0}));
  CHECK_THROWS_AS(one.issue({1}), UserError);
}

TEST_CASE("a register is loaded from any partition, engines begin at quadrants") {
  const auto outcome = [](bool sequencer) -> std::string {
    Builder b("start", "trn2", 1);
    const BufferRef t = b.sbuf("t", Dtype::Int32, 128, 1);
    if (sequencer) {
      Instruction load;
      load.opcode = Opcode::RegisterLoad;
      load.engine = Engine::Vector;
      load.src = {t.at(5, 1, 0, {{1, 1}})};
      b.emit(load);
    } else {
      b.memset(Engine::Vector, t.at(5, 1, 0, {{1, 1}}), 0);
    }
    try {
      expand(b.finish(), test::trn2_limits());
      return "accepted";
    } catch (const UserError& error) {
      return error.what();
    }
  };
  CHECK(outcome(true) == "accepted");
  CHECK_THAT(outcome(false), Catch::Contains("cannot start at 5"));
}

TEST_CASE("descriptors: hardware where it can, software for gathers, else static") {
  Builder b("dge", "trn2", 1);
  const TensorRef x = b.tensor("x", TensorKind::Input, Dtype::Bf16, {128, 64});
  const BufferRef s = b.sbuf("s", Dtype::Bf16, 128, 64);
  const BufferRef f = b.sbuf("f", Dtype::Fp32, 128, 64);
  const BufferRef i = b.sbuf("i", Dtype::Int32, 128, 1);
  const Access all = x.at(0, {{1, 128 * 64}});
  b.dma_copy(Engine::Sync, s.at(0, {{1, 64}}), all);
  b.dma_copy(Engine::Sync, f.at(0, {{1, 64}}), all);
  b.dma_copy(Engine::Vector, s.at(0, {{1, 64}}), all);
  b.dma_gather(s.at(0, {{1, 64}}), x.at(0, {{1, 64}}), i.at(0, {{1, 1}}));
  Program program = b.finish();
  auto streams = expand(program, test::trn2_limits());
  CHECK(at(*streams, Engine::Sync, 0).dge == DgeMode::Hwdge);
  CHECK(at(*streams, Engine::Sync, 1).dge == DgeMode::None);  // it would have to convert
  CHECK(at(*streams, Engine::Vector, 0).dge == DgeMode::None);
  CHECK(at(*streams, Engine::GpSimd, 0).dge == DgeMode::Swdge);

  program.target = "trn1";
  streams = expand(program, test::trn1_limits());
  CHECK(at(*streams, Engine::Sync, 0).dge == DgeMode::None);
}
