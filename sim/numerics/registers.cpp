// SPDX-License-Identifier: Apache-2.0
#include "sim/numerics/registers.h"

#include <cstring>

#include "sim/numerics/alu.h"

namespace nsim::num {

bool is_register_op(AluOp op) {
  switch (op) {
    case AluOp::Add:
    case AluOp::Subtract:
    case AluOp::Multiply:
    case AluOp::Maximum:
    case AluOp::Minimum:
      return true;
    default:
      return is_bitwise(op) || (op >= AluOp::Equal && op <= AluOp::GreaterEqual);
  }
}

std::int32_t register_alu(AluOp op, std::int32_t a, std::int32_t b) {
  std::int64_t left = a;
  if (op == AluOp::RightShift) {
    zero_extend(Dtype::Int32, &left, 1);
  }
  std::int64_t result = alu_loops<std::int64_t>(op).one(left, b);
  wrap(Dtype::Int32, &result, 1);
  return static_cast<std::int32_t>(result);
}

std::int32_t load_register(Dtype dtype, const std::byte* element) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, element, size_of(dtype));
  auto value = static_cast<std::int64_t>(bits);
  wrap(dtype, &value, 1);
  wrap(Dtype::Int32, &value, 1);
  return static_cast<std::int32_t>(value);
}

void store_register(Dtype dtype, std::byte* element, std::int32_t value) {
  std::memcpy(element, &value, size_of(dtype));
}

}  // namespace nsim::num
