// SPDX-License-Identifier: Apache-2.0
#include "sim/numerics/registers.h"

#include <array>
#include <catch2/catch.hpp>
#include <cstring>
#include <limits>

using namespace nsim::num;

namespace {
constexpr std::int32_t kMax = std::numeric_limits<std::int32_t>::max();
constexpr std::int32_t kMin = std::numeric_limits<std::int32_t>::min();
}  // namespace

TEST_CASE("register arithmetic is exact and wraps around at 32 bits") {
  CHECK(register_alu(AluOp::Add, (1 << 24) + 1, 2) == (1 << 24) + 3);
  CHECK(register_alu(AluOp::Add, kMax, 1) == kMin);
  CHECK(register_alu(AluOp::Subtract, kMin, 1) == kMax);
  CHECK(register_alu(AluOp::Multiply, 65536, 65536) == 0);
  CHECK(register_alu(AluOp::Multiply, -7, 6) == -42);
  CHECK(register_alu(AluOp::Maximum, -7, 6) == 6);
  CHECK(register_alu(AluOp::Minimum, -7, 6) == -7);
}

TEST_CASE("registers are compared as signed numbers and shifted as bits") {
  CHECK(register_alu(AluOp::Less, -1, 0) == 1);
  CHECK(register_alu(AluOp::GreaterEqual, -1, 0) == 0);
  CHECK(register_alu(AluOp::Equal, 5, 5) == 1);
  CHECK(register_alu(AluOp::RightShift, -1, 28) == 15);
  CHECK(register_alu(AluOp::LeftShift, 3, 31) == kMin);
  CHECK(register_alu(AluOp::BitwiseXor, -1, 1) == -2);
}

TEST_CASE("only what integers can do is an operator of registers") {
  for (const AluOp op : {AluOp::Add, AluOp::BitwiseAnd, AluOp::LessEqual, AluOp::RightShift}) {
    CHECK(is_register_op(op));
  }
  for (const AluOp op : {AluOp::Divide, AluOp::Power, AluOp::Rsqrt, AluOp::Bypass, AluOp::Abs}) {
    CHECK_FALSE(is_register_op(op));
  }
}

TEST_CASE("an element is extended to a register by its type and cut off on the way back") {
  std::array<std::byte, 4> memory{std::byte{0xfe}, std::byte{0xff}, std::byte{0xff},
                                  std::byte{0x7f}};
  CHECK(load_register(Dtype::Int8, memory.data()) == -2);
  CHECK(load_register(Dtype::Uint8, memory.data()) == 0xfe);
  CHECK(load_register(Dtype::Int16, memory.data()) == -2);
  CHECK(load_register(Dtype::Uint16, memory.data()) == 0xfffe);
  CHECK(load_register(Dtype::Int32, memory.data()) == 0x7ffffffe);
  store_register(Dtype::Int16, memory.data(), 0x12345678);
  CHECK(load_register(Dtype::Int32, memory.data()) == 0x7fff5678);
}
