// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/place.h"

#include <catch2/catch.hpp>

#include "sim/isa/builder.h"
#include "sim/isa/text.h"
#include "tests/support/isa_limits.h"

using namespace nsim;
using namespace nsim::isa;
using num::Dtype;

namespace {

Builder empty() {
  return Builder("places", "trn2", 1);
}

std::string refusal(Builder& builder) {
  try {
    find_places(builder.finish(), test::trn2_limits());
  } catch (const UserError& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("buffers without an address follow the placed ones, 64-byte aligned, as declared") {
  Builder b = empty();
  b.sbuf("first", Dtype::Bf16, 128, 33);        // 66 bytes
  b.sbuf("fixed", Dtype::Bf16, 128, 100, 200);  // ends at 400
  b.sbuf("second", Dtype::Bf16, 128, 1);
  const Placement placement = find_places(b.finish(), test::trn2_limits());

  CHECK(placement.address == std::vector<std::int64_t>{448, 200, 576});
  CHECK(placement.sbuf_bytes == 578);
  CHECK(placement.psum_bytes == 0);
}

TEST_CASE("buffers with addresses may overlap") {
  Builder b = empty();
  b.sbuf("now", Dtype::Fp32, 128, 64, 0);
  b.sbuf("later", Dtype::Fp32, 128, 64, 128);
  CHECK(find_places(b.finish(), test::trn2_limits()).sbuf_bytes == 384);
}

TEST_CASE("a PSUM buffer that fits in a bank does not straddle two") {
  Builder b = empty();
  b.psum("small", Dtype::Fp32, 128, 128);  // 512 bytes
  b.psum("bank", Dtype::Fp32, 128, 512);   // 2 KiB
  b.psum("half", Dtype::Fp32, 128, 256);
  const Placement placement = find_places(b.finish(), test::trn2_limits());
  CHECK(placement.address == std::vector<std::int64_t>{0, 2048, 4096});
}

TEST_CASE(
    "transient buffers take turns behind the others, and the peak is what is in use at once") {
  // Three tiles of 80 KiB, each used by two instructions, where two fit beside the fixed one.
  const Program program = parse_text(R"(program p
target trn2
sbuf fixed uint8 [128, 1024]
sbuf a uint8 [128, 81920] transient
sbuf b uint8 [128, 81920] transient
sbuf c uint8 [128, 81920] transient
sbuf unused uint8 [128, 81920] transient
vector.memset a value 1
vector.memset b value 1
vector.tensor_copy b, a
vector.memset c value 1
vector.tensor_copy c, b
)",
                                     "p");
  const Placement placement = find_places(program, test::trn2_limits());
  CHECK(placement.address == std::vector<std::int64_t>{0, 1024, 1024 + 81920, 1024, 0});
  CHECK(placement.sbuf_peak == 1024 + 2 * 81920);
  CHECK(placement.sbuf_bytes == 1024 + 2 * 81920);
}

TEST_CASE(
    "transient buffers that do not fit behind placed ones lie in the largest gap between them") {
  // As stack and heap leave it: from the begin and from the end.
  const Program program = parse_text(R"(program p
target trn2
sbuf stack uint8 [128, 1000] address 0
sbuf low uint8 [128, 1000] address 4096
sbuf heap uint8 [128, 4096] address 190000
sbuf a uint8 [128, 81920] transient
sbuf b uint8 [128, 81920] transient
vector.memset a value 1
vector.memset b value 1
vector.tensor_copy b, a
)",
                                     "p");
  const Placement placement = find_places(program, test::trn2_limits());
  CHECK(placement.address == std::vector<std::int64_t>{0, 4096, 190000, 5120, 5120 + 81920});
  CHECK(placement.sbuf_peak == 190000 + 4096);
  CHECK(placement.sbuf_bytes == 190000 + 4096);
}

TEST_CASE("padding behind the last transient buffer is not in use") {
  const Placement placement = find_places(parse_text(R"(program p
target trn2
sbuf c uint8 [128, 2048]
sbuf d uint8 [128, 4]
sbuf a uint8 [128, 2048] transient
sbuf b uint8 [128, 4] transient
vector.memset a value 1
vector.memset b value 1
vector.tensor_copy c, a
vector.tensor_copy d, b
)",
                                                     "p"),
                                          test::trn2_limits());
  CHECK(placement.sbuf_bytes == 2112 + 2048 + 4);
  CHECK(placement.sbuf_peak == 2112 + 2048 + 4);
}

TEST_CASE("transient PSUM buffers take whole banks, all eight in turn") {
  std::string text = "program p\ntarget trn2\n";
  for (int i = 0; i < 9; ++i) {
    text += "psum t" + std::to_string(i) + " float32 [128, 4] transient\n";
  }
  for (int i = 0; i < 9; ++i) {
    text += "vector.memset t" + std::to_string(i) + " value 0\n";
  }
  const Placement placement = find_places(parse_text(text, "p"), test::trn2_limits());
  for (int i = 0; i < 9; ++i) {
    CHECK(placement.address[static_cast<std::size_t>(i)] == i % 8 * 2048);
  }
  CHECK(placement.psum_peak == 2048);
}

TEST_CASE(
    "transient buffers without room behind those with addresses lie where these are not used") {
  const Placement placement = find_places(parse_text(R"(program p
target trn2
psum low float32 [128, 512] address 0
psum wide float32 [128, 3072] address 2048
psum high float32 [128, 512] address 14336
psum again bfloat16 [128, 16] address 14400
psum a float32 [128, 512] transient
psum b float32 [128, 512] transient
psum c float32 [128, 512] transient
vector.memset a value 1
vector.memset high value 1
vector.memset b value 1
vector.memset low value 1
vector.memset again value 1
vector.memset c value 1
vector.memset wide value 1
)",
                                                     "p"),
                                          test::trn2_limits());
  CHECK(placement.address == std::vector<std::int64_t>{0, 2048, 14336, 14400, 0, 2048, 4096});
  CHECK(placement.psum_bytes == 16384);
}

TEST_CASE("transient buffers do not fit when those with addresses are in use everywhere") {
  std::string text = "program p\ntarget trn2\n";
  for (int i = 0; i < 8; ++i) {
    text += "psum t" + std::to_string(i) + " float32 [128, 4] address " + std::to_string(i * 2048) +
            "\n";
  }
  text += "psum t float32 [128, 4] transient\n";
  for (const std::string suffix :
       {"0", "1", "2", "3", "4", "5", "6", "7", "", "0", "1", "2", "3", "4", "5", "6", "7"}) {
    text += "vector.memset t" + suffix + " value 0\n";
  }
  CHECK_THROWS_WITH(find_places(parse_text(text, "p"), test::trn2_limits()),
                    Catch::Matchers::Contains("behind 16384 of others"));
}

TEST_CASE(
    "transient buffers that do not fit are counted, and the largest named with their labels") {
  const Program program = parse_text(R"(program p
target trn2
sbuf fixed uint8 [128, 1024]
sbuf small uint8 [128, 64] transient
sbuf a uint8 [128, 100000] transient
sbuf b uint8 [128, 100064] transient
label "k.py:7"
vector.memset small value 1
vector.memset a value 1
label "k.py:9"
vector.memset b value 1
vector.tensor_copy b[:, 0 +: 64], small
vector.tensor_copy b[:, 0 +: 64], a[:, 0 +: 64]
)",
                                     "p");
  CHECK_THROWS_WITH(
      find_places(program, test::trn2_limits()),
      "p:6:6: buffer b: 3 transient buffers are in use at the same time and need 200192 bytes per "
      "partition behind 1024 of others, SBUF of trn2 has 196608: 4608 bytes are missing; the "
      "largest: b (100064, first used at k.py:9), a (100000, first used at k.py:7), small (64, "
      "first used at k.py:7)");
}

TEST_CASE("a view lies in its buffer, also a view of a view, and in HBM in its tensor") {
  const Placement placement = find_places(parse_text(R"(program p
target trn2
tensor t input float32 [4, 8]
tensor half view t bfloat16 [2, 8] at 64
tensor tail view half float16 [4] at 8
sbuf first float32 [128, 32]
sbuf whole float32 [64, 16] partition 64
sbuf part bfloat16 [32, 16] partition 32 view whole at 32
sbuf small int8 [1, 4] partition 1 view part at 28
)",
                                                     "p"),
                                          test::trn2_limits());
  CHECK(placement.address == std::vector<std::int64_t>{0, 128, 160, 188});
  CHECK(placement.partition == std::vector<std::int64_t>{0, 64, 96, 97});
  CHECK(placement.sbuf_bytes == 192);
  REQUIRE(placement.tensor.size() == 3);
  CHECK(placement.tensor[0].offset == 0);
  CHECK(placement.tensor[2].base == 0);
  CHECK(placement.tensor[2].offset == 72);
}

TEST_CASE("views beyond what they are views of, or between its elements, are refused") {
  const std::vector<std::pair<const char*, const char*>> cases{
      {"sbuf v float32 [128, 8] view b at 4", "bytes 4 to 35 are not within the 32 of b"},
      {"sbuf half int8 [64, 8]\nsbuf v int8 [32, 8] partition 33 view half at 0",
       "partitions 33 to 64 are not within the 64 of half"},
      {"sbuf v float32 [128, 1] view b at 2", "not a multiple of its 4-byte elements"},
      {"tensor v view t float32 [5] at 0", "bytes 0 to 19 are not within the 16 of t"},
      {"tensor v view t float32 [1] at 2", "not a multiple of its 4-byte elements"},
      {"sync explicit\nsbuf v int8 [1, 1] transient", "only known with sync auto"},
      {"sbuf v int8 [1, 200000] transient\nvector.memset v value 0", "3392 bytes are missing"},
  };
  for (const auto& [statement, part] : cases) {
    const std::string text = std::string("program p\ntarget trn2\ntensor t input float32 [4]\n") +
                             "sbuf b float32 [128, 8]\n" + statement;
    CHECK_THROWS_WITH(find_places(parse_text(text, "p"), test::trn2_limits()),
                      Catch::Contains(part));
  }
}

TEST_CASE("a memory that is too small says how many bytes are missing") {
  Builder b = empty();
  b.sbuf("a", Dtype::Uint8, 128, 150 * 1024);
  b.sbuf("b", Dtype::Uint8, 128, 50 * 1024);
  CHECK(refusal(b) ==
        "buffer b: the buffers need 204800 bytes per partition, SBUF of trn2 has 196608: 8192 "
        "bytes are missing");
}

TEST_CASE("a placed buffer beyond the end is named") {
  Builder b = empty();
  b.psum("late", Dtype::Fp32, 128, 512, 15 * 1024);
  CHECK(refusal(b) ==
        "buffer late: ends at byte 17408 of a partition, PSUM of trn2 has 16384: 1024 bytes are "
        "missing");
}

TEST_CASE("buffers that cannot exist are refused") {
  struct Case {
    Buffer buffer;
    const char* part;
  };
  const std::vector<Case> cases{
      {{"x", Space::Sbuf, Dtype::Fp32, 0, 129, 1, {}, {}}, "partitions 0 to 0+129"},
      {{"x", Space::Sbuf, Dtype::Fp32, 100, 29, 1, {}, {}}, "partitions 100 to 100+29"},
      {{"x", Space::Sbuf, Dtype::Fp32, -1, 1, 1, {}, {}}, "partitions -1"},
      {{"x", Space::Sbuf, Dtype::Fp32, 0, 128, 0, {}, {}}, "0 elements"},
      {{"x", Space::Sbuf, Dtype::Fp32, 0, 128, 1, -4, {}}, "address -4"},
      {{"x", Space::Sbuf, Dtype::Fp32, 0, 128, 1, 2, {}}, "not a multiple of its 4-byte elements"},
      {{"x", Space::Hbm, Dtype::Fp32, 0, 128, 1, {}, {}}, "not in HBM"},
      {{"x", Space::Sbuf, Dtype::Fp32, 0, 128, 1, 0, {}, true}, "address, transient and view"},
      {{"x", Space::Sbuf, Dtype::Fp32, 0, 128, 1, {}, {}, false, View{0, 0}}, "view of nothing"},
      {{"x", Space::Sbuf, Dtype::Fp32, 0, 128, std::int64_t{1} << 61, {}, {}}, "too large"},
  };
  for (const Case& each : cases) {
    Builder b = empty();
    b.program().buffers.push_back(each.buffer);
    CHECK_THAT(refusal(b), Catch::Contains(each.part));
  }
}
