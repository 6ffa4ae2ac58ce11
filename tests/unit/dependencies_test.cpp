// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/dependencies.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "sim/isa/builder.h"
#include "sim/isa/expand.h"
#include "tests/support/isa_limits.h"
#include "tests/support/random_program.h"
#include "tests/support/scrambled_core.h"

using namespace nsim;
using namespace nsim::isa;
using num::Dtype;

namespace {

/// Does the scrambled run of `core` end like the sequential one?
bool same_result(const CoreStreams& core, std::uint64_t seed) {
  test::Memory expected(3);
  test::Memory actual(3);
  test::run_sequentially(expected, core);
  return test::ScrambledRun(actual, core, seed).run() && actual == expected;
}

std::vector<StreamWait> waits_of(const CoreStreams& core, Engine engine, std::size_t position) {
  const Issue& in = core.engine[static_cast<std::size_t>(engine)].at(position);
  const auto first = core.waits.begin() + in.first_wait;
  return {first, first + in.waits};
}

std::size_t count_waits(const CoreStreams& core, Engine engine) {
  std::size_t count = 0;
  for (const Issue& in : core.engine[static_cast<std::size_t>(engine)]) {
    count += in.waits;
  }
  return count;
}

/// One buffer per name, all of 32 partitions and 64 floats, and a builder to use them with.
struct Small {
  Builder builder{"small", "trn2", 1};
  TensorRef x = builder.tensor("x", TensorKind::Input, Dtype::Fp32, {32, 64});
  TensorRef y = builder.tensor("y", TensorKind::Output, Dtype::Fp32, {32, 64});
  BufferRef a = builder.sbuf("a", Dtype::Fp32, 32, 64);
  BufferRef b = builder.sbuf("b", Dtype::Fp32, 32, 64);
  BufferRef c = builder.sbuf("c", Dtype::Fp32, 32, 64);
  BufferRef p = builder.psum("p", Dtype::Fp32, 32, 64);

  static Access row(const BufferRef& buffer) { return buffer.at(0, {{1, 64}}); }
  static Access all(const TensorRef& tensor) { return tensor.at(0, {{1, 32 * 64}}); }
  CoreStreams expand() { return isa::expand(builder.finish(), test::trn2_limits())->cores[0]; }
};

}  // namespace

TEST_CASE(
    "random programs end the same in program order and under any timing the semaphores allow") {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const auto streams = test::RandomProgram(seed).expand(40);
    INFO("seed " << seed);
    REQUIRE(same_result(streams->cores[0], seed));
  }
}

TEST_CASE("the random programs notice when a wait is missing") {
  int noticed = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    CoreStreams core = test::RandomProgram(seed).expand(40)->cores[0];
    for (StreamWait& wait : core.waits) {
      wait.value = 0;
    }
    noticed += same_result(core, seed) ? 0 : 1;
  }
  CHECK(noticed > 15);
}

TEST_CASE(
    "an engine that reads what another wrote waits for its signal, which nobody else pays for") {
  Small s;
  s.builder.memset(Engine::GpSimd, s.row(s.c), 1);
  s.builder.memset(Engine::Vector, s.row(s.a), 1);
  s.builder.activation(s.row(s.b), s.row(s.a), num::Activation::Exp);
  const CoreStreams core = s.expand();

  REQUIRE(core.waits.size() == 1);
  CHECK(waits_of(core, Engine::Scalar, 0)[0].semaphore == static_cast<int>(Engine::Vector));
  CHECK(waits_of(core, Engine::Scalar, 0)[0].value == 1);
  REQUIRE(core.updates.size() == 1);
  CHECK(core.engine[1][0].updates == 1);
  CHECK(core.engine[3][0].updates == 0);
  CHECK(core.owner[1] == SemaphoreOwner::Vector);
  CHECK(core.owner[3] == SemaphoreOwner::None);
}

TEST_CASE("the value waited for counts only the instructions that signal") {
  Small s;
  s.builder.memset(Engine::Vector, s.row(s.c), 1);  // nobody waits for this one
  s.builder.memset(Engine::Vector, s.row(s.a), 1);
  s.builder.activation(s.row(s.p), s.row(s.a), num::Activation::Exp);
  s.builder.memset(Engine::Vector, s.row(s.b), 1);
  s.builder.activation(s.row(s.p), s.row(s.b), num::Activation::Exp);
  const CoreStreams core = s.expand();

  CHECK(waits_of(core, Engine::Scalar, 0)[0].value == 1);
  CHECK(waits_of(core, Engine::Scalar, 1)[0].value == 2);
}

TEST_CASE(
    "an engine waits for itself to read or overwrite a result, not to overwrite what it read") {
  Small s;
  s.builder.memset(Engine::Vector, s.row(s.a), 1);
  s.builder.tensor_copy(Engine::Vector, s.row(s.b), s.row(s.a));  // reads a result
  s.builder.memset(Engine::Vector, s.row(s.a), 2);                // overwrites what it read
  s.builder.memset(Engine::Vector, s.row(s.b), 2);                // overwrites a result
  const CoreStreams core = s.expand();

  CHECK(waits_of(core, Engine::Vector, 1).size() == 1);
  CHECK(waits_of(core, Engine::Vector, 2).empty());
  CHECK(waits_of(core, Engine::Vector, 3).size() == 1);
}

TEST_CASE("matmuls into the same bank follow each other without waiting") {
  Small s;
  for (int k = 0; k < 4; ++k) {
    s.builder.nc_matmul(s.row(s.p), s.a.at(0, {{1, 32}}), s.row(s.b), k);
  }
  CHECK(s.expand().waits.empty());
}

TEST_CASE("a transfer waits for an earlier one of its own queue that it depends on") {
  Small s;
  s.builder.dma_copy(Engine::Sync, s.row(s.a), s.all(s.x));
  s.builder.dma_copy(Engine::Sync, s.all(s.y), s.row(s.a));
  s.builder.dma_copy(Engine::Sync, s.row(s.b), s.all(s.x));
  const CoreStreams core = s.expand();

  const auto waits = waits_of(core, Engine::Sync, 1);
  REQUIRE(waits.size() == 1);
  CHECK(waits[0].value == kDmaSignal);
  CHECK(core.owner[waits[0].semaphore] == SemaphoreOwner::Dma);
  CHECK(waits_of(core, Engine::Sync, 2).empty());
}

TEST_CASE("a dynamic copy waits for writers of all it may reach, and is waited for likewise") {
  const auto waits = [](bool moving_src, std::int64_t written) {
    Builder b("dynamic", "trn2", 1);
    const BufferRef data = b.sbuf("data", Dtype::Fp32, 128, 1024, 0);
    const BufferRef other = b.sbuf("other", Dtype::Fp32, 128, 1024, 4096);
    const BufferRef index = b.sbuf("index", Dtype::Int32, 128, 64, 8192);
    b.memset(Engine::GpSimd, data.at(written, {{1, 4}}), 0);
    Instruction copy;
    copy.opcode = moving_src ? Opcode::TensorCopyDynamicSrc : Opcode::TensorCopyDynamicDst;
    copy.engine = Engine::Vector;
    copy.dst = (moving_src ? other : data).at(256, {{1, 4}});
    copy.src = {(moving_src ? data : other).at(256, {{1, 4}})};
    copy.operand0.access = index.at(0, 1, 0, {{1, 1}});
    copy.count = 8;
    b.emit(copy);
    b.tensor_copy(Engine::Scalar, data.at(written, {{1, 4}}), other.at(1000, {{1, 4}}));
    const CoreStreams core = expand(b.finish(), test::trn2_limits())->cores[0];
    const Issue& moved = core.engine[static_cast<std::size_t>(Engine::Vector)][0];
    CHECK(core.instruction(moved).base == (1024 - 260) / 8);
    const std::vector<StreamWait> after = waits_of(core, Engine::Scalar, 0);
    const bool follows = std::any_of(after.begin(), after.end(), [](const StreamWait& wait) {
      return wait.semaphore == static_cast<int>(Engine::Vector);
    });
    return std::make_pair(count_waits(core, Engine::Vector) == 1, follows);
  };
  for (const bool moving_src : {true, false}) {
    CHECK(waits(moving_src, 256) == std::make_pair(true, true));  // its window as written
    CHECK(waits(moving_src, 900) == std::make_pair(true, true));  // where it may move to
    CHECK(waits(moving_src, 0) == std::make_pair(false, false));  // it does not move backwards
  }
}

TEST_CASE("an instruction waits for those it is written to come after, whatever they access") {
  Small s;
  s.builder.program().events = {"", "load", "copy"};
  s.builder.dma_copy(Engine::Sync, s.row(s.a), s.all(s.x)).event = 1;
  s.builder.memset(Engine::GpSimd, s.row(s.b), 0).event = 2;
  s.builder.memset(Engine::Vector, s.row(s.c), 0).after = {1, 2};
  s.builder.memset(Engine::Vector, s.row(s.c), 0);
  const CoreStreams core = s.expand();
  const auto waits = waits_of(core, Engine::Vector, 0);
  REQUIRE(waits.size() == 2);
  CHECK(core.owner[waits[0].semaphore] == SemaphoreOwner::GpSimd);
  CHECK(core.owner[waits[1].semaphore] == SemaphoreOwner::Dma);
}

TEST_CASE("a scatter and a copy with an offset are followed over all they may write") {
  Builder b("moved", "trn2", 1);
  const TensorRef x = b.tensor("x", TensorKind::Internal, Dtype::Fp32, {64, 512});
  const BufferRef t = b.sbuf("t", Dtype::Fp32, 128, 512, 0);
  const BufferRef index = b.sbuf("index", Dtype::Int32, 128, 1, 4096);
  Instruction scatter;
  scatter.opcode = Opcode::DmaScatter;
  scatter.engine = Engine::GpSimd;
  scatter.dst = x.at(0, {{1, 512}});
  scatter.src = {t.at(0, 64, 0, {{1, 512}}), index.at(0, 64, 0, {{1, 1}})};
  b.emit(scatter);
  b.dma_copy(Engine::Sync, t.at(64, 1, 0, {{1, 512}}), x.at(63 * 512, {{1, 512}}));
  Instruction copy;
  copy.opcode = Opcode::DmaCopy;
  copy.engine = Engine::Scalar;
  copy.dst = t.at(96, 1, 0, {{1, 8}});
  copy.src = {x.at(0, {{1, 8}})};
  copy.dst_offset = {5, 8};
  b.emit(copy);
  b.memset(Engine::Vector, t.at(96, 1, 500, {{1, 8}}), 0);
  const CoreStreams core = expand(b.finish(), test::trn2_limits())->cores[0];
  CHECK(waits_of(core, Engine::Sync, 0).size() == 1);
  CHECK(waits_of(core, Engine::Vector, 0).size() == 1);
  const Issue& moved = core.engine[static_cast<std::size_t>(Engine::Scalar)][0];
  CHECK(core.instruction(moved).dst_moved.most == (512 - 8) / 8);
  CHECK(core.instruction(moved).dst_moved.step == 32);
}

TEST_CASE("an input tensor that is only read costs no waits, one that is written does") {
  Small s;
  s.builder.dma_copy(Engine::Sync, s.all(s.y), s.row(s.a));
  s.builder.dma_copy(Engine::Scalar, s.row(s.b), s.all(s.x));
  s.builder.dma_copy(Engine::Scalar, s.row(s.c), s.all(s.y));
  const CoreStreams core = s.expand();

  CHECK(waits_of(core, Engine::Scalar, 0).empty());
  CHECK(waits_of(core, Engine::Scalar, 1).size() == 1);
}

TEST_CASE("what an old result implies is remembered however much happens before it is read") {
  for (const bool psum : {false, true}) {
    Small s;
    const BufferRef d = s.builder.sbuf("d", Dtype::Fp32, 32, 64);
    const BufferRef e = s.builder.sbuf("e", Dtype::Fp32, 32, 64);
    const BufferRef f = s.builder.sbuf("f", Dtype::Fp32, 32, 64);
    const BufferRef& old = psum ? s.p : s.a;
    s.builder.dma_copy(Engine::Sync, s.row(s.c), s.all(s.x));
    s.builder.activation(s.row(old), s.row(s.c), num::Activation::Exp);
    s.builder.tensor_copy(Engine::GpSimd, s.row(s.b), s.row(s.c));
    s.builder.memset(Engine::GpSimd, s.row(s.c), 0);  // its readers are forgotten
    s.builder.loop("i", 0, 2000, 1, [&](Var) {        // each knows of all that the other has done
      s.builder.activation(s.row(d), s.row(e), num::Activation::Exp);
      s.builder.tensor_copy(Engine::GpSimd, s.row(e), s.row(d));
    });
    s.builder.tensor_tensor(Engine::Vector, s.row(f), s.row(old), s.row(s.b), num::AluOp::Add);
    // Neither of the two old results is known to the other's engine when it was made.
    const auto waits = waits_of(s.expand(), Engine::Vector, 0);
    REQUIRE(waits.size() == 2);
    CHECK(waits[0].value == 1);
    CHECK(waits[1].value == 1);
  }
}

TEST_CASE("a slot of a queue's pool is used again only when its transfer before is complete") {
  constexpr std::int64_t kTransfers = 100;
  Builder b("many", "trn2", 1);
  const TensorRef x = b.tensor("x", TensorKind::Input, Dtype::Fp32, {128});
  const TensorRef y = b.tensor("y", TensorKind::Output, Dtype::Fp32, {kTransfers, 128});
  b.loop("i", 0, kTransfers, 1, [&](Var i) {
    b.dma_copy(Engine::Sync, y.at(i * 128, {{1, 128}}), x.at(0, {{1, 128}}));
  });
  const CoreStreams core = expand(b.finish(), test::trn2_limits())->cores[0];

  std::array<std::int32_t, kSemaphoreCount> signalled{};
  for (std::size_t i = 0; i < kTransfers; ++i) {
    const Issue& in = core.engine[static_cast<std::size_t>(Engine::Sync)][i];
    REQUIRE(in.updates == 1);
    const std::uint16_t slot = core.updates.at(in.first_update).semaphore;
    const auto waits = waits_of(core, Engine::Sync, i);
    REQUIRE(waits.size() == (signalled[slot] == 0 ? 0 : 1));
    if (!waits.empty()) {
      CHECK(waits[0].semaphore == slot);
      CHECK(waits[0].value == signalled[slot]);
    }
    signalled[slot] += core.updates[in.first_update].add;
  }
  CHECK(*std::max_element(signalled.begin(), signalled.end()) > 2 * kDmaSignal);
}

TEST_CASE("however many queues a program uses, the semaphores of a core suffice") {
  Builder b("queues", "trn2", 1);
  const TensorRef x = b.tensor("x", TensorKind::Input, Dtype::Fp32, {128});
  const TensorRef y = b.tensor("y", TensorKind::Output, Dtype::Fp32, {40, 5, 4, 128});
  for (int i = 0; i < 40 * 5 * 4; ++i) {
    b.dma_copy(static_cast<Engine>(i % 5), y.at(i * 128, {{1, 128}}), x.at(0, {{1, 128}})).queue =
        static_cast<std::uint8_t>(i / 5 % 4);
  }
  const CoreStreams core = expand(b.finish(), test::trn2_limits())->cores[0];

  for (const StreamUpdate& update : core.updates) {
    CHECK(update.semaphore < kSemaphoreCount);
  }
}

TEST_CASE("core_barrier waits for every actor, and everything after it waits for the barrier") {
  Small s;
  s.builder.memset(Engine::Vector, s.row(s.a), 1);
  s.builder.dma_copy(Engine::Sync, s.row(s.b), s.all(s.x));
  s.builder.core_barrier();
  s.builder.memset(Engine::Vector, s.row(s.c), 1);
  s.builder.dma_copy(Engine::Scalar, s.all(s.y), s.row(s.c));
  const CoreStreams core = s.expand();

  CHECK(waits_of(core, Engine::GpSimd, 0).size() == 2);
  const auto after = waits_of(core, Engine::Vector, 1);
  REQUIRE(after.size() == 1);
  CHECK(after[0].semaphore == static_cast<int>(Engine::GpSimd));
  // The copy waits for Vector, which has waited for the barrier.
  REQUIRE(waits_of(core, Engine::Scalar, 0).size() == 1);
  CHECK(waits_of(core, Engine::Scalar, 0)[0].semaphore == static_cast<int>(Engine::Vector));
}

TEST_CASE("a double-buffered GEMM loop waits once per load pair and once per matmul") {
  constexpr std::int64_t kRows = 4;
  constexpr std::int64_t kDepth = 16;
  Builder b("gemm", "trn2", 1);
  const TensorRef left = b.tensor("left", TensorKind::Input, Dtype::Bf16, {kDepth * 128, 128});
  const TensorRef right = b.tensor("right", TensorKind::Input, Dtype::Bf16, {kDepth * 128, 512});
  const TensorRef out = b.tensor("out", TensorKind::Output, Dtype::Bf16, {kRows * 128, 512});
  const BufferRef a = b.sbuf("a", Dtype::Bf16, 128, 2 * 128);
  const BufferRef w = b.sbuf("w", Dtype::Bf16, 128, 2 * 512);
  const BufferRef c = b.sbuf("c", Dtype::Bf16, 128, 2 * 512);
  const BufferRef p = b.psum("p", Dtype::Fp32, 128, 2 * 512);
  b.loop("m", 0, kRows, 1, [&](Var m) {
    b.loop("k", 0, kDepth, 1, [&](Var k) {
      b.dma_copy(Engine::Sync, a.at(k % 2 * 128, {{1, 128}}),
                 left.at(k * (128 * 128), {{1, 128 * 128}}));
      b.dma_copy(Engine::Sync, w.at(k % 2 * 512, {{1, 512}}),
                 right.at(k * (128 * 512), {{1, 128 * 512}}));
      b.nc_matmul(p.at(m % 2 * 512, {{1, 512}}), a.at(k % 2 * 128, {{1, 128}}),
                  w.at(k % 2 * 512, {{1, 512}}), k);
    });
    b.tensor_copy(Engine::Vector, c.at(m % 2 * 512, {{1, 512}}), p.at(m % 2 * 512, {{1, 512}}));
    b.dma_copy(Engine::Scalar, out.at(m * (128 * 512), {{1, 128 * 512}}),
               c.at(m % 2 * 512, {{1, 512}}));
  });
  const CoreStreams core = expand(b.finish(), test::trn2_limits())->cores[0];

  const std::int64_t pairs = kRows * kDepth;
  // The second load of a pair is on the same queue as the first: waiting for it is enough. The
  // matmul two iterations back read both buffers, and waited for the loads whose semaphore slots
  // come round again.
  CHECK(count_waits(core, Engine::Sync) == pairs - 2);
  // One per matmul, and one more where a bank comes round that Vector has to have emptied.
  CHECK(count_waits(core, Engine::Tensor) == pairs + kRows - 2);
  // The matmul, and the store of two rows back.
  CHECK(count_waits(core, Engine::Vector) == kRows + kRows - 2);
  CHECK(count_waits(core, Engine::Scalar) == kRows);
}
