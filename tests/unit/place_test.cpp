// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/place.h"

#include <catch2/catch.hpp>

#include "sim/isa/builder.h"
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

TEST_CASE("place writes the addresses into the program") {
  Builder b = empty();
  b.sbuf("a", Dtype::Fp32, 128, 16);
  b.sbuf("b", Dtype::Fp32, 128, 16);
  Program program = b.finish();
  place(program, test::trn2_limits());
  CHECK(program.buffers[0].address == 0);
  CHECK(program.buffers[1].address == 64);
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
      {{"x", Space::Sbuf, Dtype::Fp32, 0, 128, std::int64_t{1} << 61, {}, {}}, "too large"},
  };
  for (const Case& each : cases) {
    Builder b = empty();
    b.program().buffers.push_back(each.buffer);
    CHECK_THAT(refusal(b), Catch::Contains(each.part));
  }
}
