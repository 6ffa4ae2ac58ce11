// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/program.h"

#include <catch2/catch.hpp>

#include "sim/isa/checked.h"
#include "sim/isa/compare.h"

using namespace nsim;
using namespace nsim::isa;

namespace {

Expr variable(std::uint32_t index, std::int64_t coefficient = 1, std::int64_t divide = 1,
              std::int64_t modulo = 0) {
  Expr e;
  e.terms.push_back({index, coefficient, divide, modulo});
  return e;
}

}  // namespace

TEST_CASE("an expression is its constant plus its terms at the values of the variables") {
  const Expr e = variable(1, 512, 1, 2) + variable(2, -3, 4) + Expr(7);
  CHECK(e.evaluate({0, 5, 9}) == 512 * (5 % 2) - 3 * (9 / 4) + 7);
  CHECK(Expr(12).evaluate({0}) == 12);
}

TEST_CASE("division rounds down, so that the modulo of a negative variable rotates too") {
  CHECK(variable(0, 1, 2).evaluate({-3}) == -2);
  CHECK(variable(0, 1, 1, 4).evaluate({-3}) == 1);
}

TEST_CASE("adding merges equal terms and drops those that cancel") {
  CHECK(same(variable(1) + variable(1), variable(1, 2)));
  CHECK((variable(1) + variable(1, -1)).is_constant());
  CHECK((variable(1) + variable(1, 1, 2)).terms.size() == 2);
}

TEST_CASE("multiplying scales every part, and zero leaves nothing") {
  CHECK(same((variable(1, 2) + Expr(5)) * 3, variable(1, 6) + Expr(15)));
  CHECK(((variable(1, 2) + Expr(5)) * 0).is_constant());
}

TEST_CASE("arithmetic that overflows is the user's error") {
  CHECK_THROWS_AS(Expr(kMaxInteger) + Expr(1), UserError);
  CHECK_THROWS_AS(variable(0, kMaxInteger) * 2, UserError);
  CHECK_THROWS_AS(variable(0, kMaxInteger).evaluate({3}), UserError);
  Tensor tensor;
  tensor.shape = {std::int64_t{1} << 40, std::int64_t{1} << 40};
  CHECK_THROWS_AS(tensor.elements(), UserError);
}

TEST_CASE("sizes are elements times the size of the type") {
  Tensor tensor;
  tensor.dtype = num::Dtype::Bf16;
  tensor.shape = {3, 5};
  CHECK(tensor.elements() == 15);
  CHECK(tensor.bytes() == 30);
  Buffer buffer;
  buffer.dtype = num::Dtype::Fp32;
  buffer.elements = 512;
  CHECK(buffer.bytes() == 2048);
}
