// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/expand.h"

#include <catch2/catch.hpp>

#include "sim/isa/builder.h"
#include "sim/isa/text.h"
#include "tests/support/isa_limits.h"

using namespace nsim;
using namespace nsim::isa;
using num::Dtype;

namespace {

const Issue& issue_at(const Streams& streams, std::size_t core, Engine engine,
                      std::size_t position) {
  return streams.cores.at(core).engine[static_cast<std::size_t>(engine)].at(position);
}

StreamInstruction at(const Streams& streams, std::size_t core, Engine engine,
                     std::size_t position) {
  return streams.cores.at(core).complete(issue_at(streams, core, engine, position));
}

std::string refusal(const Program& program, const Limits& limits = test::trn2_limits()) {
  try {
    expand(program, limits);
  } catch (const UserError& error) {
    return error.what();
  }
  return "accepted";
}

/// With one SBUF buffer and two tensors of its size.
struct Small {
  explicit Small(int cores = 1) : b("small", "trn2", cores) {}
  Builder b;
  TensorRef x = b.tensor("x", TensorKind::Weight, Dtype::Fp32, {128, 64});
  TensorRef y = b.tensor("y", TensorKind::Output, Dtype::Bf16, {128, 64});
  BufferRef s = b.sbuf("s", Dtype::Fp32, 128, 64, 256);
  Access whole() const { return s.at(0, {{1, 64}}); }
  Access all(const TensorRef& tensor) const { return tensor.at(0, {{1, 128 * 64}}); }
};

}  // namespace

TEST_CASE("loops are unrolled in order and offsets become bytes") {
  Small t;
  t.b.loop("i", 1, 6, 2, [&](Var i) {
    t.b.loop("j", 0, 2, 1, [&](Var j) {
      t.b.memset(Engine::Vector, t.s.at(i * 4 + j % 2 * 2, {{1, 2}}), 0);
    });
  });
  const auto streams = expand(t.b.finish(), test::trn2_limits());

  std::vector<std::int64_t> offsets;
  for (const Issue& issue : streams->cores[0].engine[1]) {
    offsets.push_back((streams->cores[0].instruction(issue).dst.offset - 256) / 4);
  }
  CHECK(offsets == std::vector<std::int64_t>{4, 6, 12, 14, 20, 22});
  CHECK(streams->work.instructions == 6);
  CHECK(streams->sbuf_bytes == 512);
}

TEST_CASE("every core runs the body with its rank in `core`") {
  Small t(2);
  t.b.dma_copy(Engine::Sync, t.s.at(0, 64, 0, {{1, 64}}), t.x.at(t.b.core() * 4096, {{1, 4096}}));
  const auto streams = expand(t.b.finish(), test::trn2_limits(2));

  REQUIRE(streams->cores.size() == 2);
  CHECK(at(*streams, 0, Engine::Sync, 0).src[0].offset == 0);
  CHECK(at(*streams, 1, Engine::Sync, 0).src[0].offset == 4096 * 4);
  CHECK(streams->work.dma_transfers == 2);
}

TEST_CASE("accumulation follows its expression: zero overwrites") {
  Builder b("acc", "trn2", 1);
  const BufferRef s = b.sbuf("s", Dtype::Bf16, 128, 128);
  const BufferRef p = b.psum("p", Dtype::Fp32, 128, 128);
  b.loop("k", 0, 3, 1, [&](Var k) {
    b.nc_matmul(p.at(0, {{1, 128}}), s.at(0, {{1, 128}}), s.at(0, {{1, 128}}), k);
  });
  const auto streams = expand(b.finish(), test::trn2_limits());
  CHECK_FALSE(at(*streams, 0, Engine::Tensor, 0).accumulate);
  CHECK(at(*streams, 0, Engine::Tensor, 1).accumulate);
  CHECK(at(*streams, 0, Engine::Tensor, 2).accumulate);
  CHECK(streams->work.matmul_flops == 3 * 2 * 128 * 128 * 128);
}

TEST_CASE("work is summed over instructions and cores") {
  Small t;
  t.b.dma_copy(Engine::Sync, t.whole(), t.all(t.x));
  t.b.tensor_copy(Engine::Vector, t.whole(), t.whole());
  t.b.dma_copy(Engine::Scalar, t.all(t.y), t.whole());
  const Work work = expand(t.b.finish(), test::trn2_limits())->work;
  CHECK(work.hbm_read_bytes == 128 * 64 * 4);
  CHECK(work.hbm_write_bytes == 128 * 64 * 2);
  CHECK(work.elementwise_ops == 128 * 64);
  CHECK(work.dma_transfers == 2);
  CHECK(work.instructions == 3);
  CHECK(work.matmul_flops == 0);
}

TEST_CASE("streams know a weight's recipe but do not carry its bytes") {
  Small t;
  t.b.program().tensors[0].init.kind = num::Init::Kind::Bytes;
  t.b.program().tensors[0].init.bytes.resize(128 * 64 * 4);
  const auto streams = expand(t.b.finish(), test::trn2_limits());
  CHECK(streams->tensors[0].init.kind == num::Init::Kind::Bytes);
  CHECK(streams->tensors[0].init.bytes.empty());
}

TEST_CASE("explicit semaphores map to the hardware's in order") {
  Small t;
  Program& program = t.b.program();
  program.auto_sync = false;
  program.semaphores = {"unused", "loaded", "shared"};
  t.b.loop("i", 0, 2, 1, [&](Var i) {
    t.b.dma_copy(Engine::Sync, t.whole(), t.all(t.x)).updates = {{1, 16}, {2, 16}};
    Instruction& memset = t.b.memset(Engine::Vector, t.whole(), 0);
    memset.waits = {{1, i * 16 + Expr(16)}};
    memset.updates = {{2, 1}};
  });
  const auto streams = expand(t.b.finish(), test::trn2_limits());

  const CoreStreams& core = streams->cores[0];
  REQUIRE(core.waits.size() == 2);
  CHECK(core.waits[0].value == 16);
  CHECK(core.waits[1].value == 32);
  CHECK(core.waits[0].semaphore == 1);
  CHECK(issue_at(*streams, 0, Engine::Sync, 0).updates == 2);
  CHECK(core.owner[0] == SemaphoreOwner::None);
  CHECK(core.owner[1] == SemaphoreOwner::Dma);
  CHECK(core.owner[2] == SemaphoreOwner::Mixed);
}

TEST_CASE("misuse of semaphores is refused") {
  const auto with = [](const std::function<void(Small&, Instruction&)>& change, bool dma = false) {
    Small t;
    t.b.program().auto_sync = false;
    t.b.program().semaphores = {"a"};
    change(t, dma ? t.b.dma_copy(Engine::Sync, t.whole(), t.all(t.x))
                  : t.b.memset(Engine::Vector, t.whole(), 0));
    return refusal(t.b.finish());
  };
  CHECK_THAT(with(
                 [](Small&, Instruction& in) {
                   in.updates = {{0, 1}};
                 },
                 true),
             Catch::Contains("adds 1 to semaphore a: a complete DMA has added 16"));
  CHECK_THAT(with([](Small&, Instruction& in) {
               in.updates = {{0, 0}};
             }),
             Catch::Contains("at least 1 is needed"));
  CHECK_THAT(with([](Small&, Instruction& in) {
               in.waits = {{1, 1}};
             }),
             Catch::Contains("semaphore 1 does not exist, the program has 1"));
  CHECK_THAT(with([](Small&, Instruction& in) {
               in.waits = {{0, -1}};
             }),
             Catch::Contains("waits for semaphore a to be -1"));
  CHECK_THAT(with([](Small& t, Instruction&) { t.b.program().semaphores.resize(257); }),
             Catch::Contains("257 semaphores, a core has 256"));
  CHECK_THAT(with([](Small& t, Instruction& in) {
               t.b.program().auto_sync = true;
               in.waits = {{0, 1}};
             }),
             Catch::Contains("this one has sync auto"));
}

TEST_CASE("a program for another device is refused") {
  const Program program = Small(2).b.finish();
  CHECK(refusal(program) ==
        "program small runs on 2 cores per logical core, the device is set to 1: "
        "set device.cores_per_logical=2, or make the program for cores 1");
  Limits limits = test::trn2_limits(2);
  limits.target = "trn1";
  CHECK(refusal(program, limits) ==
        "program small is made for target trn2, the device is trn1: "
        "make it again for that target");
}

TEST_CASE("a program that unrolls to too much is refused before it is unrolled") {
  Small t;
  t.b.loop("i", 0, std::int64_t{1} << 40, 1, [&](Var) {
    t.b.loop("j", 0, std::int64_t{1} << 40, 1,
             [&](Var) { t.b.memset(Engine::Vector, t.whole(), 0); });
  });
  CHECK_THAT(refusal(t.b.finish()), Catch::Contains("unrolls to more than 4000000 instructions"));
}

TEST_CASE("loops around nothing and loops that never run take no time") {
  Small t;
  t.b.loop("i", 0, std::int64_t{1} << 40, 1, [&](Var) {
    t.b.loop("j", 0, std::int64_t{1} << 40, 1, [](Var) {});
    t.b.loop("k", 5, 5, 1, [&](Var) { t.b.memset(Engine::Vector, t.whole(), 0); });
  });
  const auto streams = expand(t.b.finish(), test::trn2_limits());
  CHECK(streams->work.instructions == 0);
}

TEST_CASE("broken loops and variables are refused") {
  const auto with = [](const std::function<void(Program&)>& change) {
    Small t;
    t.b.loop("i", 0, 2, 1, [&](Var i) { t.b.memset(Engine::Vector, t.s.at(i * 1, {{1, 2}}), 0); });
    Program program = t.b.finish();
    change(program);
    return refusal(program);
  };
  const auto loop = [](Program& program) -> Loop& { return std::get<Loop>(program.body[0]); };
  const auto body = [&](Program& program) -> Instruction& {
    return std::get<Instruction>(loop(program).body[0]);
  };
  CHECK(with([](Program&) {}) == "accepted");
  CHECK_THAT(with([&](Program& p) { loop(p).step = 0; }),
             Catch::Contains("step 0 is not positive"));
  CHECK_THAT(with([&](Program& p) { loop(p).variable = 99; }), Catch::Contains("not declared"));
  CHECK_THAT(with([&](Program& p) { loop(p).variable = 0; }), Catch::Contains("already in use"));
  CHECK_THAT(with([&](Program& p) { body(p).dst->offset.terms[0].divide = 0; }),
             Catch::Contains("not positive"));
  CHECK_THAT(with([&](Program& p) { p.body.emplace_back(body(p)); }),
             Catch::Contains("uses variable i outside its loop"));
  CHECK_THAT(with([&](Program& p) { loop(p).end = INT64_MAX; }), Catch::Contains("too large"));
  CHECK_THAT(with([&](Program& p) { body(p).label = 7; }), Catch::Contains("label 7"));
  CHECK_THAT(with([&](Program& p) { p.tensors[0].shape[0] = 0; }),
             Catch::Contains("empty dimension"));
  CHECK_THAT(with([](Program& p) {
               for (int depth = 0; depth < 40; ++depth) {
                 Loop outer;
                 outer.variable = static_cast<std::uint32_t>(p.variables.size());
                 outer.end = 1;
                 outer.body = std::move(p.body);
                 p.variables.push_back("v" + std::to_string(depth));
                 p.body.clear();
                 p.body.emplace_back(std::move(outer));
               }
             }),
             Catch::Contains("nested deeper than 32"));
}

TEST_CASE("streams can be printed with their semaphores") {
  Small t;
  t.b.label("copy");
  t.b.dma_copy(Engine::Sync, t.whole(), t.all(t.x));
  t.b.tensor_copy(Engine::Vector, t.s.at(0, {{1, 32}}), t.s.at(32, {{1, 32}}));
  const std::string text = print_streams(*expand(t.b.finish(), test::trn2_limits()));
  CHECK_THAT(text, Catch::Contains("core 0 sync: 1 instructions\n"
                                   "  0: dma_copy SBUF[0:128]+256B:float32(1:64) "
                                   "x+0B:float32(1:8192) queue 0 dge hwdge signal s5+16 ; copy\n"));
  CHECK_THAT(text, Catch::Contains("tensor_copy SBUF[0:128]+256B:float32(1:32) "
                                   "SBUF[0:128]+384B:float32(1:32) wait s5>=16 ; copy\n"));
}

TEST_CASE("the body of a core is in the streams of that core alone, between what all cores run") {
  const auto streams = expand(parse_text(R"(program p
target trn2
cores 2
sbuf t float32 [128, 64]
vector.memset t value 1
core 1 {
  loop i 0..3 {
    vector.memset t value 2
  }
  scalar.tensor_copy t, t
}
vector.memset t value 3
)",
                                         "p"),
                              test::trn2_limits(2));
  const auto values = [&](std::size_t core) {
    std::vector<float> result;
    for (const Issue& issue : streams->cores[core].engine[1]) {
      result.push_back(streams->cores[core].instruction(issue).immediate);
    }
    return result;
  };
  CHECK(values(0) == std::vector<float>{1, 3});
  CHECK(values(1) == std::vector<float>{1, 2, 2, 2, 3});
  CHECK(streams->cores[0].engine[2].empty());
  CHECK(streams->work.instructions == 8);
}

TEST_CASE("the body of a core names a core of the program and stands in nothing else") {
  Program program = parse_text("program p\ntarget trn2\ncore 1 {\nvector.nop\n}\n", "p");
  CHECK(refusal(program) == "p:3:1: core 1 is not one of the 1 core of the program");
  CHECK_THROWS_WITH(parse_text("program p\ntarget trn2\ncore 0 {\ncore 0 {\n}\n}\n", "p"),
                    Catch::Contains("'core' may not stand inside a loop or the body of a core"));
  Loop loop;
  loop.variable = 1;
  loop.end = 1;
  loop.body.emplace_back(CoreBody{0, {}, {}});
  program.variables.emplace_back("i");
  program.body = {Item(loop)};
  CHECK_THAT(refusal(program), Catch::Contains("stands in a loop"));
}

TEST_CASE("what is written through one view is read through another only when it is there") {
  const auto streams = expand(parse_text(R"(program p
target trn2
tensor x input float32 [128, 64]
tensor out output float32 [128, 64]
tensor tail view out int32 [64, 64] at 16384
sbuf t float32 [128, 64]
sbuf upper uint16 [128, 64] view t at 128
vector.memset upper value 1
scalar.tensor_copy t[:, 0 +: 32], t[:, 0 +: 32]
scalar.dma_copy tail, t[64 +: 64, :]
)",
                                         "p"),
                              test::trn2_limits());
  CHECK(issue_at(*streams, 0, Engine::Scalar, 0).waits == 0);
  const Issue& store = issue_at(*streams, 0, Engine::Scalar, 1);
  CHECK(store.waits > 0);
  CHECK(store.dst_offset == 16384);
  CHECK(at(*streams, 0, Engine::Scalar, 1).dst.tensor == 1);
}
