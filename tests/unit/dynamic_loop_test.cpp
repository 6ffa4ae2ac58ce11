// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/dynamic_loop.h"

#include <catch2/catch.hpp>

#include "sim/isa/builder.h"
#include "sim/isa/expand.h"
#include "sim/isa/text.h"
#include "tests/support/isa_limits.h"

using namespace nsim;
using namespace nsim::isa;
using num::Dtype;

namespace {

const std::string kHead =
    "program p\ntarget trn2\ntensor x input float32 [128, 64]\nsbuf t float32 [128, 64]\n"
    "sbuf n int32 [1, 4]\npsum acc float32 [128, 4]\n";

std::shared_ptr<const Streams> expanded(const std::string& body) {
  return expand(parse_text(kHead + body, "p.nasm"), test::trn2_limits());
}

std::string refusal(const std::string& body) {
  try {
    expanded(body);
  } catch (const UserError& error) {
    return error.what();
  }
  return "accepted";
}

std::vector<StreamInstruction> stream(const Streams& streams, Engine engine) {
  std::vector<StreamInstruction> result;
  for (const Issue& issue : streams.cores.at(0).engine[static_cast<std::size_t>(engine)]) {
    result.push_back(streams.cores[0].instruction(issue));
  }
  return result;
}

std::vector<Opcode> opcodes(const Streams& streams, Engine engine) {
  std::vector<Opcode> result;
  for (const StreamInstruction& each : stream(streams, engine)) {
    result.push_back(each.opcode);
  }
  return result;
}

}  // namespace

TEST_CASE("each engine in the body counts a dynamic loop for itself, no other does") {
  const auto streams = expanded(
      "loop i 4..10 step 3 dynamic {\n  sync.dma_copy t, x\n  vector.memset t value 0\n"
      "  vector.memset t value 1\n}\n");
  CHECK(opcodes(*streams, Engine::Vector) ==
        std::vector<Opcode>{Opcode::RegisterMove, Opcode::Memset, Opcode::Memset,
                            Opcode::RegisterAlu, Opcode::Branch, Opcode::Memset, Opcode::Memset,
                            Opcode::RegisterAlu, Opcode::Branch});
  CHECK(opcodes(*streams, Engine::Sync) ==
        std::vector<Opcode>{Opcode::RegisterMove, Opcode::DmaCopy, Opcode::RegisterAlu,
                            Opcode::Branch, Opcode::DmaCopy, Opcode::RegisterAlu, Opcode::Branch});
  for (const Engine other : {Engine::Tensor, Engine::Scalar, Engine::GpSimd}) {
    CHECK(stream(*streams, other).empty());
  }
  CHECK(streams->work.instructions == 9 + 7);

  const std::vector<StreamInstruction> vector = stream(*streams, Engine::Vector);
  CHECK(vector[0].base == 4);
  CHECK(vector[0].count == kRegisterCount - 1);
  CHECK(vector[3].base == 3);
  CHECK(vector[3].op0 == num::AluOp::Add);
  CHECK(vector[3].pattern[0] == kRegisterCount);  // 1 + the register
  CHECK(vector[4].base == 4);                     // back over the body, update and itself
  CHECK(vector[8].base == 0);
  CHECK(vector[0].partition_step == 4);
}

TEST_CASE("the code of a dynamic loop holds its body once") {
  const auto streams = expanded(
      "vector.nop\nloop i 0..5 dynamic {\n  loop j 0..3 {\n    vector.nop\n  }\n"
      "  loop k 0..7 dynamic {\n    vector.nop\n  }\n}\nvector.nop\n");
  // Around: 2. The outer loop: move, update, branch and 3 unrolled. The inner one: 4.
  CHECK(streams->cores[0].code_size(Engine::Vector) == 2 + 3 + 3 + 4);
  CHECK(stream(*streams, Engine::Vector).size() == 2 + 1 + 5 * (3 + 2 + 1 + 7 * 3));
  const std::vector<StreamInstruction> vector = stream(*streams, Engine::Vector);
  CHECK(vector[1].partition_step == 2 + 3 + 4);
  CHECK(vector[1].count == kRegisterCount - 1);
  CHECK(vector[5].partition_step == 3);
  CHECK(vector[5].count == kRegisterCount - 2);
}

TEST_CASE("unrolled loops leave nothing for sequencers to do") {
  const auto streams = expanded("loop i 0..5 {\n  vector.nop\n}\n");
  CHECK(stream(*streams, Engine::Vector).size() == 5);
  CHECK(streams->cores[0].code_size(Engine::Vector) == 5);
}

TEST_CASE("a dynamic loop around nothing, or that never runs, is not there") {
  CHECK(expanded("loop i 0..1000000000000 dynamic {\n}\nloop i 3..3 dynamic {\n  vector.nop\n}\n")
            ->work.instructions == 0);
}

TEST_CASE("issues of a dynamic loop share their instructions") {
  const auto streams = expanded("loop i 0..1000 dynamic {\n  vector.memset t value 0\n}\n");
  // The move, memset, update, branch, and the branch that falls through.
  CHECK(streams->cores[0].instructions.size() == 5);
}

TEST_CASE("the iterations of dynamic loops count as instructions") {
  CHECK_THAT(refusal("loop i 0..2_000_000 dynamic {\n  vector.nop\n}\n"),
             Catch::Contains("unrolls to more than 4000000 instructions"));
  CHECK_THAT(refusal("loop i 0..1_000_000_000_000 dynamic {\n  loop j 0..1_000_000_000_000 {\n"
                     "    vector.nop\n  }\n}\n"),
             Catch::Contains("unrolls to more than 4000000 instructions"));
}

TEST_CASE("a branch of one's own and the counters of loops are refused") {
  CHECK_THAT(refusal("vector.branch\n"),
             Catch::StartsWith("p.nasm:7:1: ") && Catch::Contains("loop V BEGIN..END dynamic"));
  const std::string write = "  vector.register_move dst 62 constant 0\n";
  CHECK(refusal("loop i 0..2 dynamic {\n" + write + "}\n") == "accepted");
  CHECK_THAT(refusal("loop i 0..2 dynamic {\n loop j 0..2 dynamic {\n" + write + " }\n}\n"),
             Catch::Contains("writes register 62") && Catch::Contains("0 to 61 are free"));
  CHECK(refusal("loop i 0..2 dynamic {\n  vector.register_store n[0, 0] src [63]\n}\n") ==
        "accepted");
}

TEST_CASE("registers that do not exist, and what they cannot hold or do, are refused") {
  CHECK_THAT(refusal("sync.register_move dst 64 constant 0\n"),
             Catch::Contains("there is no register 64, an engine has 0 to 63"));
  CHECK_THAT(refusal("sync.register_alu op add dst 0 src [-1]\n"), Catch::Contains("register -1"));
  CHECK_THAT(refusal("sync.register_alu op add dst 0 src [1, 2, 3]\n"),
             Catch::Contains("reads 3 registers, 1 to 2 are possible"));
  CHECK_THAT(refusal("sync.register_alu op divide dst 0 src [1, 2]\n"),
             Catch::Contains("no operator divide"));
  CHECK_THAT(refusal("sync.register_load t[0, 0] dst 1\n"),
             Catch::Contains("src is float32, registers hold integers"));
  CHECK_THAT(refusal("sync.register_load n dst 1\n"), Catch::Contains("must be [1, 1]"));
  CHECK_THAT(refusal("sync.register_load x[0, 0] dst 1\n"), Catch::Contains("cannot be in HBM"));
  CHECK(refusal("sync.register_move dst 0 src [1]\n") == "accepted");
}

TEST_CASE("what a register is loaded from is waited for, and what it is stored to as well") {
  const auto streams = expanded(
      "gpsimd.memset n value 3\nvector.register_load n[0, 1] dst 0\n"
      "vector.register_store n[0, 2] src [0]\ngpsimd.tensor_copy n[0, 0], n[0, 2]\n");
  CHECK(streams->cores[0].engine[static_cast<std::size_t>(Engine::Vector)][0].waits == 1);
  CHECK(streams->cores[0].engine[static_cast<std::size_t>(Engine::GpSimd)][1].waits == 1);
}
