// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/text.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <sstream>

#include "sim/isa/builder.h"
#include "sim/isa/compare.h"
#include "sim/isa/opcode.h"
#include "tests/support/every_opcode.h"
#include "tests/support/scratch_folder.h"

using namespace nsim;
using namespace nsim::isa;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

const std::string kHead =
    "program p\n"
    "target trn2\n"
    "tensor a input float32 [256, 64]\n"
    "sbuf t float32 [128, 64]\n"
    "psum acc float32 [128, 512]\n";

Program parse(const std::string& body) {
  return parse_text(kHead + body, "p.nasm");
}

const Instruction& first(const Program& program) {
  return std::get<Instruction>(program.body.at(0));
}

std::string error_of(const std::string& text) {
  try {
    parse_text(text, "p.nasm");
  } catch (const UserError& error) {
    return error.what();
  }
  return "no error";
}

std::string body_error(const std::string& body) {
  return error_of(kHead + body);
}

void check_round_trip(const Program& program) {
  const std::string text = print_text(program);
  INFO(text);
  const Program again = parse_text(text, "again.nasm");
  CHECK(same(program, again));
  CHECK(print_text(again) == text);
}

std::string read_file(const std::string& path) {
  return nsim::test::contents(std::string(NSIM_SOURCE_DIR) + "/" + path);
}

}  // namespace

TEST_CASE("the header statements of a program are read") {
  const Program program = parse_text(
      "# a comment\n\nprogram \"my program\"\ntarget trn2\ncores 2 # two\nsync explicit\nspilled "
      "77\n",
      "p.nasm");
  CHECK(program.name == "my program");
  CHECK(program.target == "trn2");
  CHECK(program.cores == 2);
  CHECK_FALSE(program.auto_sync);
  CHECK(program.spilled_bytes == 77);
}

TEST_CASE("tensors have a kind, a type, a shape and initial contents") {
  const Program program = parse_text(
      "program p\ntarget trn1\n"
      "tensor layer.0.w weight bfloat16 [4, 8] = uniform(-1, 0.25, seed 18446744073709551615)\n"
      "tensor raw internal uint8 [4] = bytes(\n \"00ff\" # half\n \"1234\")\n"
      "tensor scalar output int32 []\n",
      "p.nasm");
  const Tensor& w = program.tensors.at(0);
  CHECK(w.name == "layer.0.w");
  CHECK(w.kind == TensorKind::Weight);
  CHECK(w.dtype == num::Dtype::Bf16);
  CHECK(w.shape == std::vector<std::int64_t>{4, 8});
  CHECK(w.init.kind == num::Init::Kind::Uniform);
  CHECK(w.init.low == -1);
  CHECK(w.init.high == 0.25);
  CHECK(w.init.seed == UINT64_MAX);
  CHECK(w.where.line == 3);
  CHECK(program.tensors.at(1).init.bytes ==
        std::vector<std::byte>{std::byte{0}, std::byte{255}, std::byte{0x12}, std::byte{0x34}});
  CHECK(program.tensors.at(2).elements() == 1);
}

TEST_CASE("a bare name is all of a buffer or tensor") {
  const Program program = parse("sync.dma_copy t, a\n");
  CHECK(first(program).dst->partitions == 128);
  CHECK(same(first(program).dst->dims, {{1, 64}}));
  CHECK(same(first(program).src[0].dims, {{1, 256 * 64}}));
}

TEST_CASE("a buffer is indexed by partitions and by a pattern of elements") {
  const Program program = parse("vector.tensor_copy t[32 +: 64, 4 +: 2 by 16 +: 8], t[3, 5]\n");
  const Access& dst = *first(program).dst;
  CHECK(same(dst.partition, 32));
  CHECK(dst.partitions == 64);
  CHECK(same(dst.offset, 4));
  CHECK(same(dst.dims, {{16, 2}, {1, 8}}));
  const Access& src = first(program).src[0];
  CHECK(src.partitions == 1);
  CHECK(same(src.dims, {{1, 1}}));
}

TEST_CASE("a tensor is indexed by its dimensions or by one linear pattern") {
  const Program program = parse(
      "sync.dma_copy t[:, 0 +: 32], a[128 +: 128, 16 +: 32]\n"
      "sync.dma_copy t[:, 0 +: 32], a[8208 +: 128 by 64 +: 32]\n");
  const Access& shaped = first(program).src[0];
  CHECK(same(shaped.offset, 128 * 64 + 16));
  CHECK(same(shaped.dims, {{64, 128}, {1, 32}}));
  CHECK(same(shaped, std::get<Instruction>(program.body[1]).src[0]));
}

TEST_CASE("expressions are affine in the loop variables, with division and modulo") {
  const Program program = parse(
      "loop m 0..4 {\n loop k 0..4 step 2 {\n"
      "vector.tensor_copy t[0, (m / 2 % 4 * 3 - k * -2 + core) * 2 - 5], t[0, -m / 2 * 4 + m % 8 / "
      "4]\n"
      "} }\n");
  const Loop& outer = std::get<Loop>(program.body.at(0));
  const Loop& inner = std::get<Loop>(outer.body.at(0));
  CHECK(inner.step == 2);
  const Instruction& copy = std::get<Instruction>(inner.body.at(0));
  const std::vector<std::int64_t> values{1, 3, 2};  // core, m, k
  CHECK(copy.dst->offset.evaluate(values) == (3 / 2 % 4 * 3 + 2 * 2 + 1) * 2 - 5);
  CHECK(copy.src[0].offset.evaluate(values) == -(3 / 2 * 4) + 3 % 8 / 4);
  check_round_trip(program);
}

TEST_CASE("an instruction has attributes, waits and signals") {
  const Program program = parse(
      "sync explicit\nsemaphore s0, \"s 1\"\nlabel qkv\n"
      "vector.tensor_scalar t, t op0 subtract operand0 t[:, 0] reverse0 op1 multiply operand1 -0.5 "
      "\\\n"
      "  wait s0 >= 3, \"s 1\" >= core * 16 signal s0 += 1, \"s 1\" += -2\n"
      "gpsimd.iota t base core + 4 partition_step -1 pattern [0, 2]\n"
      "sync.dma_copy t, a queue 3 dge hwdge\n");
  const Instruction& scalar = first(program);
  CHECK(scalar.op0 == num::AluOp::Subtract);
  CHECK(scalar.operand0.access);
  CHECK(scalar.reverse0);
  CHECK_FALSE(scalar.reverse1);
  CHECK(scalar.operand1.immediate == -0.5F);
  CHECK(scalar.waits.size() == 2);
  CHECK(scalar.updates.at(1).add == -2);
  CHECK(program.labels == std::vector<std::string>{"", "qkv"});
  CHECK(scalar.label == 1);
  const Instruction& iota = std::get<Instruction>(program.body.at(1));
  CHECK(iota.pattern == std::vector<std::int64_t>{0, 2});
  CHECK(iota.partition_step == -1);
  const Instruction& dma = std::get<Instruction>(program.body.at(2));
  CHECK(dma.queue == 3);
  CHECK(dma.dge == DgeMode::Hwdge);
  check_round_trip(program);
}

TEST_CASE("instructions have names, by which others come after them") {
  const Program program = parse(
      "sync.dma_copy t, a as load\n"
      "vector.tensor_copy t, t as \"the copy\" after load\n"
      "scalar.dma_copy a, t src_offset [3, 512] oob skip after load, \"the copy\"\n");
  CHECK(program.events == std::vector<std::string>{"", "load", "the copy"});
  CHECK(first(program).event == 1);
  const Instruction& store = std::get<Instruction>(program.body.at(2));
  CHECK(store.event == 0);
  CHECK(store.after == std::vector<std::uint32_t>{1, 2});
  CHECK(store.src_offset == std::vector<std::int64_t>{3, 512});
  CHECK(store.oob == OobMode::Skip);
  check_round_trip(program);
  CHECK_THAT(body_error("sync.dma_copy t, a as load\nsync.dma_copy t, a after loads\n"),
             Contains("no instruction before this one is called 'loads'; did you mean 'load'?"));
  CHECK_THAT(body_error("sync.dma_copy t, a as x after x\n"), Contains("before this one"));
  CHECK_THAT(body_error("sync.dma_copy t, a as x\nsync.dma_copy t, a as x\n"),
             Contains("another instruction is called 'x' already"));
}

TEST_CASE("a loop may be one that the device runs") {
  const Program program =
      parse("loop i 0..8 step 2 dynamic {\n  vector.nop\n}\nloop j 0..8 {\n  vector.nop\n}\n");
  CHECK(std::get<Loop>(program.body.at(0)).dynamic);
  CHECK(std::get<Loop>(program.body.at(0)).step == 2);
  CHECK_FALSE(std::get<Loop>(program.body.at(1)).dynamic);
  check_round_trip(program);
  CHECK_THAT(body_error("loop i 0..8 dynamik {\n}\n"), Contains("'{'"));
}

TEST_CASE("registers are numbers, read as a list") {
  const Instruction alu = first(parse("sync.register_alu op add dst 3 src [1, 63]\n"));
  CHECK(alu.opcode == Opcode::RegisterAlu);
  CHECK(alu.count == 3);
  CHECK(alu.pattern == std::vector<std::int64_t>{1, 63});
  const Instruction move = first(parse("tensor.register_move dst 0 constant 2_000_000_000\n"));
  CHECK(move.base.constant == 2'000'000'000);
  CHECK_THAT(body_error("sync.register_alu op add dst 3\n"), Contains("needs 'src'"));
}

TEST_CASE("the scale of an activation is one unless it is given") {
  const Program program = parse(
      "scalar.activation t, t function gelu\nscalar.activation t, t function exp scale 0 bias t[:, "
      "0]\n");
  CHECK(first(program).operand0.immediate == 1);
  CHECK(std::get<Instruction>(program.body[1]).operand0.immediate == 0);
  check_round_trip(program);
}

TEST_CASE("floats come back exactly, whatever they are") {
  for (const float value :
       {0.1F, -0.0F, 1e-45F, 3.4028235e38F, 16777217.0F, INFINITY, -INFINITY, NAN, 1.0F / 3}) {
    Builder b("floats", "trn1", 1);
    const BufferRef t = b.sbuf("t", num::Dtype::Fp32, 128, 4);
    b.memset(Engine::Vector, t.at(0, {{1, 4}}), value);
    check_round_trip(b.finish());
  }
}

TEST_CASE("every opcode with every attribute survives printing and parsing") {
  const Program program = isa::test::every_opcode();
  check_round_trip(program);
  const std::string text = print_text(program);
  for (int i = 0; i < kAttributeCount; ++i) {
    CHECK_THAT(text, Contains(std::string(" ") + name(static_cast<Attribute>(i))));
  }
}

TEST_CASE("what an accumulator and a shuffle do is written as nki.isa names it") {
  const Program program = parse(
      "vector.tensor_scalar_reduce t, t op0 add operand0 1 reduce_op maximum "
      "reduce_cmd load_reduce reduce_init -inf reduce_res t[:, 3] reduce_res_negate\n");
  const Instruction& reduce = first(program);
  CHECK(reduce.reduce_op == num::AluOp::Maximum);
  CHECK(reduce.reduce_cmd == num::ReduceCmd::LoadReduce);
  CHECK(reduce.negate);
  REQUIRE(reduce.dst2);
  CHECK(reduce.dst2->offset.constant == 3);
  CHECK(first(parse("vector.tensor_scalar_reduce t, t op0 add operand0 1 reduce_op add\n"))
            .reduce_cmd == num::ReduceCmd::ResetReduce);
  CHECK(first(parse("scalar.activation t, t function exp\n")).reduce_cmd == num::ReduceCmd::Idle);
  CHECK_THAT(body_error("vector.tensor_scalar_reduce t, t op0 add operand0 1 reduce_op add "
                        "reduce_cmd rest\n"),
             Contains("did you mean 'reset'"));
  std::string mask = "vector.nc_stream_shuffle t, t shuffle_mask [0";
  for (int i = 1; i < 32; ++i) {
    mask += ", 255";
  }
  CHECK(first(parse(mask + "]\n")).pattern.size() == 32);
  CHECK_THAT(body_error(mask + ", 0]\n"), Contains("a shuffle_mask has at most 32 entries"));
}

TEST_CASE("the shipped programs are read and survive printing") {
  for (const char* path : {"models/vector_add.nasm", "models/semaphores.nasm"}) {
    check_round_trip(parse_text(read_file(path), path));
  }
}

TEST_CASE("errors name file, line and column, and what would be right") {
  CHECK_THAT(body_error("vector.tensor_cpy t, t\n"), StartsWith("p.nasm:6:1: "));
  CHECK_THAT(body_error("vector.tensor_cpy t, t\n"), Contains("did you mean 'tensor_copy'"));
  CHECK_THAT(body_error("vektor.tensor_copy t, t\n"), Contains("did you mean 'vector'"));
  CHECK_THAT(body_error("tensor_copy t, t\n"), Contains("vector, scalar, gpsimd"));
  CHECK_THAT(body_error("lopp m 0..4 {\n}\n"), Contains("did you mean 'loop'"));
  CHECK_THAT(body_error("vector.tensor_copy t, tt\n"), StartsWith("p.nasm:6:23: "));
  CHECK_THAT(body_error("vector.tensor_copy t, tt\n"), Contains("did you mean 't'"));
  CHECK_THAT(body_error("vector.tensor_tensor t, t, t\n"), Contains("needs 'op'"));
  CHECK_THAT(body_error("vector.tensor_tensor t, t, t op ad\n"), Contains("did you mean 'add'"));
  CHECK_THAT(body_error("vector.memset t valu 3\n"), Contains("did you mean 'value'"));
  CHECK_THAT(body_error("vector.memset t value 3 value 4\n"), Contains("twice"));
  CHECK_THAT(body_error("vector.tensor_copy t\n"), Contains("src"));
  CHECK_THAT(body_error("tensor b input bfloat [1]\n"), Contains("did you mean 'bfloat16'"));
  CHECK_THAT(body_error("tensor t input int8 [1]\n"), Contains("already declared in line 4"));
  CHECK_THAT(body_error("sync.dma_copy t, a[0, 0, 0]\n"), Contains("2 indices"));
  CHECK_THAT(body_error("sync.dma_copy t[0], a\n"), Contains("two indices"));
  CHECK_THAT(body_error("loop m 0..4 {\n"), Contains("no closing '}'"));
  CHECK_THAT(body_error("loop m 0..4 {\nloop m 0..4 {\n}\n}\n"), Contains("already"));
  CHECK_THAT(body_error("vector.nop wait s >= 1\n"), Contains("no semaphore is called 's'"));
  CHECK_THAT(body_error("cores 0\n"), Contains("the number of cores is 0, must be from 1 to"));
  CHECK_THAT(body_error("sync.dma_copy t, a queue 256\n"),
             Contains("queue is 256, must be from 0 to 255"));
  CHECK_THAT(body_error("loop i 0..-1.5 {\n}\n"),
             Contains("the end of i is -1.5, must be a whole number from"));
  CHECK_THAT(body_error("}\n"), Contains("not '}'"));
  CHECK_THAT(error_of(""), Contains("expected 'program'"));
  CHECK_THAT(error_of("program p\n"), Contains("target"));
  CHECK_THAT(error_of("program p\ntarget \"trn1\n"), Contains("no closing"));
  CHECK_THAT(error_of("program p $\n"), Contains("unexpected character '$'"));
}

TEST_CASE("expressions that are not affine are refused") {
  const auto offset_error = [](const std::string& offset) {
    return body_error("loop m 0..4 {\nvector.tensor_copy t[0, " + offset + "], t\n}\n");
  };
  CHECK_THAT(offset_error("m * m"), Contains("not affine"));
  CHECK_THAT(offset_error("m / 0"), Contains("positive"));
  CHECK_THAT(offset_error("(m + 1) % 2"), Contains("only a variable"));
  CHECK_THAT(offset_error("m % 5 / 2"), Contains("multiple"));
  CHECK_THAT(offset_error("n"), Contains("not a variable"));
}

TEST_CASE("numbers and nesting beyond the limits are errors, not accidents") {
  CHECK_THAT(body_error("vector.tensor_copy t[0, 9223372036854775807], t\n"), Contains("from 0"));
  CHECK_THAT(
      body_error("loop m 0..1 {\nvector.tensor_copy t[0, m * 4611686018427387904 * 2], t\n}\n"),
      Contains("too large"));
  CHECK_THAT(body_error("tensor b input int8 [281474976710656, 281474976710656]\n"),
             Contains("too large"));
  CHECK_THAT(body_error("tensor b input float32 [281474976710656]\n"), Contains("2^48"));
  std::string loops;
  for (int i = 0; i < 100; ++i) {
    loops += "loop v" + std::to_string(i) + " 0..2 {\n";
  }
  CHECK_THAT(body_error(loops), Contains("nested"));
  CHECK_THAT(body_error("vector.tensor_copy t[0, " + std::string(100000, '(') + "], t\n"),
             Contains("nested"));
  CHECK_THAT(body_error("vector.memset t value 1e99\n"), Contains("out of range"));
  CHECK_THAT(body_error(std::string(100000, 'x') + "\n"), Contains("at most 255"));
}
