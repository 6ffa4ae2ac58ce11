// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/instruction_pool.h"

#include <catch2/catch.hpp>
#include <string>

#include "sim/isa/builder.h"
#include "sim/isa/expand.h"
#include "tests/support/isa_limits.h"

using namespace nsim;
using namespace nsim::isa;
using num::Dtype;

namespace {

Operand operand(Space space, std::int64_t offset, std::uint8_t partition = 0) {
  Operand made;
  made.space = space;
  made.partitions = 32;
  made.offset = offset;
  made.partition = partition;
  return made;
}

struct Pool {
  std::vector<StreamInstruction> instructions;
  InstructionPool pool{instructions};

  Issue share(const StreamInstruction& instruction, std::uint32_t source = 0) {
    Issue issue;
    pool.share(source, instruction, issue);
    return issue;
  }
};

/// Loads a tile into one of four buffers in turn, and multiplies it.
CoreStreams pipeline(std::int64_t iterations) {
  Builder b("pipeline", "trn2", 1);
  const TensorRef x = b.tensor("x", TensorKind::Input, Dtype::Bf16, {iterations, 128, 128});
  const TensorRef y = b.tensor("y", TensorKind::Output, Dtype::Fp32, {iterations, 128, 128});
  const BufferRef tile = b.sbuf("tile", Dtype::Bf16, 128, 4 * 128);
  const BufferRef result = b.sbuf("result", Dtype::Fp32, 128, 2 * 128);
  const BufferRef sum = b.psum("sum", Dtype::Fp32, 128, 2 * 128);
  b.loop("i", 0, iterations, 1, [&](Var i) {
    const Access in = tile.at(i % 4 * 128, {{1, 128}});
    const Access out = sum.at(i % 2 * 128, {{1, 128}});
    const Access copy = result.at(i % 2 * 128, {{1, 128}});
    b.dma_copy(Engine::Sync, in, x.at(i * 128 * 128, {{1, 128 * 128}}));
    b.nc_matmul(out, in, in, 0);
    b.tensor_copy(Engine::Vector, copy, out);
    b.dma_copy(Engine::Scalar, y.at(i * 128 * 128, {{1, 128 * 128}}), copy);
  });
  return expand(b.finish(), test::trn2_limits())->cores[0];
}

std::size_t bytes(const CoreStreams& core) {
  std::size_t issues = 0;
  for (const auto& stream : core.engine) {
    issues += stream.capacity();
  }
  return issues * sizeof(Issue) + core.waits.size() * sizeof(StreamWait) +
         core.updates.size() * sizeof(StreamUpdate) +
         core.instructions.size() * sizeof(StreamInstruction);
}

}  // namespace

TEST_CASE("issues that differ in their places in HBM share an instruction and carry the places") {
  Pool p;
  StreamInstruction load;
  load.dst = operand(Space::Sbuf, 256);
  load.src[0] = operand(Space::Hbm, 4096);
  const Issue first = p.share(load);
  load.src[0].offset = 8192;
  const Issue second = p.share(load);
  StreamInstruction store;
  store.dst = operand(Space::Hbm, 512);
  const Issue third = p.share(store, 1);

  REQUIRE(p.instructions.size() == 2);
  CHECK(first.instruction == second.instruction);
  CHECK(first.src_offset == 4096);
  CHECK(second.src_offset == 8192);
  CHECK(second.dst_offset == 0);
  CHECK(third.dst_offset == 512);
  CoreStreams core;
  core.instructions = p.instructions;
  CHECK(core.complete(second).src[0].offset == 8192);
  CHECK(core.complete(second).dst.offset == 256);
  CHECK(core.complete(third).dst.offset == 512);
}

TEST_CASE("whatever else differs makes another instruction") {
  Pool p;
  StreamInstruction base;
  for (Operand* each : {&base.dst, &base.dst2, &base.src[0], &base.src[1], &base.operand0.operand,
                        &base.operand1.operand}) {
    *each = operand(Space::Sbuf, 256, 32);
  }
  CHECK(p.share(base).instruction == 0);
  std::uint32_t count = 0;
  const auto changed = [&](auto&& change) {
    StreamInstruction other = base;
    change(other);
    CHECK(p.share(other).instruction == ++count);
    CHECK(p.share(other).instruction == count);
  };
  changed([](StreamInstruction& in) { in.accumulate = true; });
  changed([](StreamInstruction& in) { in.base = 1; });
  changed([](StreamInstruction& in) { in.dst.offset = 0; });
  changed([](StreamInstruction& in) { in.dst2.offset = 0; });
  changed([](StreamInstruction& in) { in.src[0].offset = 0; });
  changed([](StreamInstruction& in) { in.src[1].offset = 0; });
  changed([](StreamInstruction& in) { in.operand0.operand.offset = 0; });
  changed([](StreamInstruction& in) { in.operand1.operand.partition = 64; });
  CHECK(p.share(base, 1).instruction == ++count);
  CHECK(p.share(base).instruction == 0);
  CHECK(p.instructions.size() == count + 1);
}

TEST_CASE("streams grow by less than 100 bytes per instruction of a loop over rotating buffers") {
  const std::int64_t few = 100;
  const std::int64_t many = 1100;
  const CoreStreams small = pipeline(few);
  const CoreStreams large = pipeline(many);
  const std::size_t added = 4 * static_cast<std::size_t>(many - few);
  const double each = static_cast<double>(bytes(large) - bytes(small)) / static_cast<double>(added);
  INFO(each << " bytes");
  CHECK(large.instructions.size() == small.instructions.size());
  CHECK(each < 64);
  CHECK(sizeof(Issue) <= 32);
}
