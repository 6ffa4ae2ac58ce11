// SPDX-License-Identifier: Apache-2.0
#include "sim/numerics/ops.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <vector>

#include "tests/support/tile.h"

using namespace nsim::num;
using nsim::num::test::immediate;
using nsim::num::test::Tile;

namespace {

const float kNan = std::numeric_limits<float>::quiet_NaN();

std::vector<float> tensor_tensor(Dtype dtype, const std::vector<float>& a,
                                 const std::vector<float>& b, AluOp op) {
  const auto count = static_cast<std::int64_t>(a.size());
  Tile x(dtype, 1, count), y(dtype, 1, count), out(Dtype::Fp32, 1, count);
  tensor_tensor(out.view(), x.set(a).view(), y.set(b).view(), op);
  return out.values();
}

std::vector<float> activate(Activation function, const std::vector<float>& x, float scale = 1,
                            float bias = 0) {
  const auto count = static_cast<std::int64_t>(x.size());
  Tile data(Dtype::Fp32, 1, count), out(Dtype::Fp32, 1, count);
  activation(out.view(), data.set(x).view(), function, immediate(scale), immediate(bias), nullptr);
  return out.values();
}

/// The definition: rounds operands to their dtype, adds in ascending k in fp32.
float dot(Tile& stationary, Tile& moving, std::int64_t depth, std::int64_t m, std::int64_t n) {
  float sum = 0;
  for (std::int64_t k = 0; k < depth; ++k) {
    sum += stationary.get(k, m) * moving.get(k, n);
  }
  return sum;
}

}  // namespace

TEST_CASE("operators and activations are parsed from their own names") {
  for (int i = 0; i <= static_cast<int>(kLastAluOp); ++i) {
    REQUIRE(parse_alu_op(name(static_cast<AluOp>(i))) == static_cast<AluOp>(i));
  }
  for (int i = 0; i <= static_cast<int>(kLastActivation); ++i) {
    REQUIRE(parse_activation(name(static_cast<Activation>(i))) == static_cast<Activation>(i));
  }
  CHECK_FALSE(parse_alu_op("plus"));
  CHECK_FALSE(parse_activation("swish"));
  CHECK(std::string(name(AluOp::LogicalAnd)) == "logical_and");
  CHECK(std::string(name(Activation::GeluApprxTanh)) == "gelu_apprx_tanh");
}

TEST_CASE("matmul gives bit for bit the sums of its definition, for every shape and dtype") {
  struct Shape {
    std::int64_t k, m, n;
  };
  for (const Dtype dtype : {Dtype::Fp32, Dtype::Tf32, Dtype::Bf16, Dtype::Fp16, Dtype::Fp8E4}) {
    for (const Shape& shape :
         {Shape{128, 128, 33}, Shape{1, 1, 1}, Shape{7, 3, 65}, Shape{64, 5, 32}}) {
      INFO(name(dtype) << " " << shape.k << "x" << shape.m << "x" << shape.n);
      Tile stationary(dtype, shape.k, shape.m, 8), moving(dtype, shape.k, shape.n);
      Tile out(Dtype::Fp32, shape.m, shape.n);
      matmul(out.view(), stationary.randomise(1).view(), moving.randomise(2).view(), false);
      bool equal = true;
      for (std::int64_t m = 0; m < shape.m; ++m) {
        for (std::int64_t n = 0; n < shape.n; ++n) {
          equal = equal && out.get(m, n) == dot(stationary, moving, shape.k, m, n);
        }
      }
      CHECK(equal);
    }
  }
}

TEST_CASE("an accumulating matmul adds its sums to what the destination holds") {
  Tile stationary(Dtype::Bf16, 16, 4), moving(Dtype::Bf16, 16, 10), out(Dtype::Fp32, 4, 10);
  matmul(out.set({100}).view(), stationary.randomise(1).view(), moving.randomise(2).view(), true);
  CHECK(out.get(3, 9) == 100.0F + dot(stationary, moving, 16, 3, 9));
}

TEST_CASE("matmul takes strided operands") {
  Tile stationary(Dtype::Bf16, 8, 12), moving(Dtype::Bf16, 8, 40), out(Dtype::Fp32, 4, 10);
  stationary.randomise(1);
  moving.randomise(2);
  matmul(out.view(), stationary.view({{3, 4}}), moving.view({{20, 2}, {4, 5}}), false);
  float sum = 0;
  for (std::int64_t k = 0; k < 8; ++k) {
    sum += stationary.get(k, 9) * moving.get(k, 20 + 3 * 4);
  }
  CHECK(out.get(3, 8) == sum);
}

TEST_CASE("transpose moves bits, NaN payloads included") {
  Tile data(Dtype::Fp32, 3, 5), out(Dtype::Fp32, 5, 3);
  data.set({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15});
  data.set_raw<std::uint32_t>({0x7f800123U});
  transpose(out.view(), data.view());
  CHECK(out.raw<std::uint32_t>(0, 0) == 0x7f800123U);
  CHECK(out.get(4, 2) == 15.0F);
  CHECK(out.get(1, 2) == 12.0F);
}

TEST_CASE("transpose converts between dtypes and reads several dimensions as one") {
  Tile data(Dtype::Bf16, 2, 6), out(Dtype::Fp32, 4, 2);
  data.set({0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15});
  transpose(out.view(), data.view({{4, 2}, {1, 2}}));
  CHECK(out.values() == std::vector<float>{0, 10, 1, 11, 4, 14, 5, 15});
}

TEST_CASE("copies between equal dtypes keep every bit, strided or not") {
  Tile src(Dtype::Fp16, 1, 6), dst(Dtype::Fp16, 1, 3);
  src.set_raw<std::uint16_t>({0x7c01, 1, 0xfc02, 3, 0x8000, 5});
  tensor_copy(dst.view(), src.view({{2, 3}}));
  CHECK(dst.raw<std::uint16_t>(0, 0) == 0x7c01);
  CHECK(dst.raw<std::uint16_t>(0, 1) == 0xfc02);
  CHECK(dst.raw<std::uint16_t>(0, 2) == 0x8000);
}

TEST_CASE("copies between integer dtypes are exact and saturate") {
  Tile src(Dtype::Int32, 1, 3), wide(Dtype::Uint32, 1, 3), narrow(Dtype::Int8, 1, 3);
  src.set_raw<std::int32_t>({2000000001, -5, 127});
  tensor_copy(wide.view(), src.view());
  tensor_copy(narrow.view(), src.view());
  CHECK(wide.raw<std::uint32_t>(0, 0) == 2000000001U);
  CHECK(wide.raw<std::uint32_t>(0, 1) == 0U);
  CHECK(narrow.values() == std::vector<float>{127, -5, 127});
}

TEST_CASE("copies with a cast round, and walk both views in row order") {
  Tile src(Dtype::Fp32, 2, 6), dst(Dtype::Bf16, 2, 6);
  src.randomise(3);
  tensor_copy(dst.view({{1, 2}, {2, 3}}), src.view());
  CHECK(dst.get(1, 1) == round_to(Dtype::Bf16, src.get(1, 3)));
  CHECK(dst.get(0, 4) == round_to(Dtype::Bf16, src.get(0, 2)));
}

TEST_CASE("a step of zero repeats an element") {
  Tile src(Dtype::Fp32, 1, 2), dst(Dtype::Fp32, 1, 6);
  tensor_copy(dst.view(), src.set({7, 8}).view({{1, 2}, {0, 3}}));
  CHECK(dst.values() == std::vector<float>{7, 7, 7, 8, 8, 8});
}

TEST_CASE("memset fills the view and nothing else") {
  Tile tile(Dtype::Bf16, 2, 5);
  tile.set({1});
  memset(tile.view({{2, 2}}, 1), 3.0F);
  CHECK(tile.values() == std::vector<float>{1, 3, 1, 3, 1, 1, 3, 1, 3, 1});
}

TEST_CASE("tensor_tensor computes every arithmetic operator in fp32") {
  const std::vector<float> a = {3, -4};
  const std::vector<float> b = {2, -4};
  const auto results = [&](AluOp op) { return tensor_tensor(Dtype::Fp32, a, b, op); };
  using Pair = std::vector<float>;
  CHECK(results(AluOp::Bypass) == Pair{3, -4});
  CHECK(results(AluOp::Add) == Pair{5, -8});
  CHECK(results(AluOp::Subtract) == Pair{1, 0});
  CHECK(results(AluOp::Multiply) == Pair{6, 16});
  CHECK(results(AluOp::Divide) == Pair{1.5, 1});
  CHECK(results(AluOp::Maximum) == Pair{3, -4});
  CHECK(results(AluOp::Minimum) == Pair{2, -4});
  CHECK(results(AluOp::Power)[0] == 9);
  CHECK(results(AluOp::AbsMax) == Pair{3, 4});
  CHECK(results(AluOp::Equal) == Pair{0, 1});
  CHECK(results(AluOp::NotEqual) == Pair{1, 0});
  CHECK(results(AluOp::Less) == Pair{0, 0});
  CHECK(results(AluOp::LessEqual) == Pair{0, 1});
  CHECK(results(AluOp::Greater) == Pair{1, 0});
  CHECK(results(AluOp::GreaterEqual) == Pair{1, 1});
  CHECK(results(AluOp::LogicalAnd) == Pair{1, 1});
  CHECK(results(AluOp::Abs) == Pair{3, 4});
  CHECK(results(AluOp::Square) == Pair{9, 16});
  CHECK(results(AluOp::Reciprocal) == Pair{1.0F / 3, -0.25F});
  CHECK(tensor_tensor(Dtype::Fp32, {4}, {0}, AluOp::Rsqrt) == Pair{0.5});
  CHECK(tensor_tensor(Dtype::Fp32, {0, 0}, {0, 5}, AluOp::LogicalOr) == Pair{0, 1});
  CHECK(tensor_tensor(Dtype::Fp32, {3, 0}, {5, 5}, AluOp::LogicalXor) == Pair{0, 1});
  CHECK(tensor_tensor(Dtype::Fp32, {-3, 2}, {5, -1}, AluOp::AbsMin) == Pair{3, 1});
}

TEST_CASE("maximum and minimum keep a NaN of either side") {
  for (const AluOp op : {AluOp::Maximum, AluOp::Minimum}) {
    CHECK(std::isnan(tensor_tensor(Dtype::Fp32, {kNan}, {1}, op)[0]));
    CHECK(std::isnan(tensor_tensor(Dtype::Fp32, {1}, {kNan}, op)[0]));
  }
}

TEST_CASE("32-bit integer arithmetic is exact and wraps, beyond what fp32 could hold") {
  Tile a(Dtype::Int32, 1, 3), b(Dtype::Int32, 1, 3), out(Dtype::Int32, 1, 3);
  a.set_raw<std::int32_t>({16777217, INT32_MAX, 70000});
  b.set_raw<std::int32_t>({1, 1, 70000});
  tensor_tensor(out.view(), a.view(), b.view(), AluOp::Add);
  CHECK(out.raw<std::int32_t>(0, 0) == 16777218);
  CHECK(out.raw<std::int32_t>(0, 1) == INT32_MIN);
  tensor_tensor(out.view(), a.view(), b.view(), AluOp::Multiply);
  CHECK(out.raw<std::int32_t>(0, 2) == 605032704);  // 4.9e9 modulo 2^32
  tensor_tensor(out.view(), a.view(), b.view(), AluOp::Greater);
  CHECK(out.raw<std::int32_t>(0, 0) == 1);
  CHECK(out.raw<std::int32_t>(0, 2) == 0);
}

TEST_CASE("bitwise operators keep the bits of their integer type, right shift is logical") {
  Tile a(Dtype::Int32, 1, 2), out(Dtype::Int32, 1, 2);
  a.set_raw<std::int32_t>({-2, 0x12345678});
  const auto apply = [&](AluOp op, float operand) {
    tensor_scalar(out.view(), a.view(), op, immediate(operand), false, AluOp::Bypass, immediate(0),
                  false);
  };
  apply(AluOp::RightShift, 4);
  CHECK(out.raw<std::uint32_t>(0, 0) == 0x0fffffffU);
  apply(AluOp::LeftShift, 8);
  CHECK(out.raw<std::uint32_t>(0, 1) == 0x34567800U);
  apply(AluOp::BitwiseAnd, 255);
  CHECK(out.raw<std::uint32_t>(0, 1) == 0x78U);
  apply(AluOp::BitwiseOr, 1);
  CHECK(out.raw<std::int32_t>(0, 0) == -1);
  apply(AluOp::BitwiseXor, -1);
  CHECK(out.raw<std::int32_t>(0, 0) == 1);
  Tile bytes(Dtype::Int8, 1, 1), byte_out(Dtype::Int8, 1, 1);
  tensor_scalar(byte_out.view(), bytes.set({-128}).view(), AluOp::RightShift, immediate(7), false,
                AluOp::Bypass, immediate(0), false);
  CHECK(byte_out.get(0, 0) == 1);
}

TEST_CASE("tensor_scalar chains two operators, each with its own operand and direction") {
  Tile data(Dtype::Bf16, 2, 3), per_row(Dtype::Fp32, 2, 1), out(Dtype::Fp32, 2, 3);
  data.set({1, 2, 4, 1, 2, 4});
  const View rows = per_row.set({10, 100}).view();
  Scalar operand;
  operand.view = &rows;
  tensor_scalar(out.view(), data.view(), AluOp::Multiply, operand, false, AluOp::Subtract,
                immediate(1), true);
  CHECK(out.values() == std::vector<float>{-9, -19, -39, -99, -199, -399});
  tensor_scalar(out.view(), data.view(), AluOp::Divide, immediate(8), true, AluOp::Bypass,
                immediate(0), false);
  CHECK(out.values() == std::vector<float>{8, 4, 2, 8, 4, 2});
}

TEST_CASE("an instruction may write over its own source") {
  Tile data(Dtype::Bf16, 1, 100);
  data.set({1, 2, 3, 4});
  tensor_tensor(data.view(), data.view(), data.view(), AluOp::Multiply);
  CHECK(data.get(0, 98) == 9.0F);
}

TEST_CASE("scalar_tensor_tensor applies the scalar first, then the second tile") {
  Tile data(Dtype::Fp32, 1, 2), other(Dtype::Fp32, 1, 2), out(Dtype::Fp32, 1, 2);
  data.set({5, 7});
  other.set({2, 3});
  scalar_tensor_tensor(out.view(), data.view(), AluOp::Subtract, immediate(1), false,
                       AluOp::Multiply, other.view(), false);
  CHECK(out.values() == std::vector<float>{8, 18});
  scalar_tensor_tensor(out.view(), data.view(), AluOp::Subtract, immediate(1), true,
                       AluOp::Subtract, other.view(), true);
  CHECK(out.values() == std::vector<float>{6, 9});
}

TEST_CASE("a scan carries its fp32 result from element to element, and starts per partition") {
  Tile a(Dtype::Fp32, 2, 5), b(Dtype::Fp32, 2, 5), first(Dtype::Fp32, 2, 1), out(Dtype::Bf16, 2, 5);
  a.randomise(41);
  b.randomise(42);
  first.set({0.5F, -2});
  const View starts = first.view();
  Scalar initial;
  initial.view = &starts;
  tensor_tensor_scan(out.view(), a.view(), b.view(), initial, AluOp::Multiply, false, AluOp::Add,
                     false);
  for (std::int64_t p = 0; p < 2; ++p) {
    float state = first.get(p, 0);
    for (std::int64_t i = 0; i < 5; ++i) {
      state = a.get(p, i) * state + b.get(p, i);
      CHECK(out.get(p, i) == round_to(Dtype::Bf16, state));
    }
  }
}

TEST_CASE("a scan swaps the operands of each operator on request, and may write over a source") {
  Tile a(Dtype::Fp32, 1, 3), b(Dtype::Fp32, 1, 3);
  a.set({1, 2, 3});
  b.set({10, 20, 30});
  tensor_tensor_scan(a.view(), a.view(), b.view(), immediate(7), AluOp::Subtract, true,
                     AluOp::Subtract, true);
  // b - (state - a), state = 7 at first
  CHECK(a.values() == std::vector<float>{10 - (7 - 1), 20 - (4 - 2), 30 - (18 - 3)});
}

TEST_CASE("tensor_reduce folds what lies beyond the kept dimensions") {
  Tile data(Dtype::Fp32, 1, 6), sums(Dtype::Fp32, 1, 2), all(Dtype::Fp32, 1, 1);
  const View two_by_three = data.set({1, 2, 3, -4, -5, -6}).view({{3, 2}, {1, 3}});
  tensor_reduce(sums.view(), two_by_three, AluOp::Add, 1, false);
  CHECK(sums.values() == std::vector<float>{6, -15});
  tensor_reduce(sums.view(), two_by_three, AluOp::Minimum, 1, true);
  CHECK(sums.values() == std::vector<float>{-1, 6});
  tensor_reduce(all.view(), two_by_three, AluOp::AbsMax, 0, false);
  CHECK(all.get(0, 0) == 6.0F);
  tensor_reduce(all.view(), two_by_three, AluOp::Multiply, 0, false);
  CHECK(all.get(0, 0) == -720.0F);
}

TEST_CASE("long reductions are exact where fp32 is, and abs_max sees every element") {
  Tile data(Dtype::Bf16, 1, 1003), out(Dtype::Fp32, 1, 1);
  std::vector<float> values(1003, 2.0F);
  values[0] = values[500] = values[1002] = -3.0F;
  tensor_reduce(out.view(), data.set(values).view(), AluOp::Add, 0, false);
  CHECK(out.get(0, 0) == 1000 * 2.0F - 9.0F);
  for (const std::size_t place : {0U, 15U, 16U, 1002U}) {
    std::vector<float> peak(1003, 1.0F);
    peak[place] = -9.0F;
    tensor_reduce(out.view(), data.set(peak).view(), AluOp::AbsMax, 0, false);
    CHECK(out.get(0, 0) == 9.0F);
  }
  tensor_reduce(out.view(), data.set({-5}).view(), AluOp::AbsMax, 0, false);
  CHECK(out.get(0, 0) == 5.0F);
}

TEST_CASE("bitwise reductions keep bits, abs_min sees every element") {
  Tile data(Dtype::Uint16, 1, 40), out(Dtype::Uint16, 1, 1);
  std::vector<float> values(40, 0x0ff0);
  values[37] = 0x00ff;
  data.set(values);
  tensor_reduce(out.view(), data.view(), AluOp::BitwiseAnd, 0, false);
  CHECK(out.get(0, 0) == 0x00f0);
  tensor_reduce(out.view(), data.view(), AluOp::BitwiseOr, 0, false);
  CHECK(out.get(0, 0) == 0x0fff);
  tensor_reduce(out.view(), data.view(), AluOp::BitwiseXor, 0, false);
  CHECK(out.get(0, 0) == (0x0ff0 ^ 0x00ff));
  Tile reals(Dtype::Fp32, 1, 40), least(Dtype::Fp32, 1, 1);
  std::vector<float> numbers(40, -9);
  numbers[20] = -2;
  tensor_reduce(least.view(), reals.set(numbers).view(), AluOp::AbsMin, 0, false);
  CHECK(least.get(0, 0) == 2);
}

TEST_CASE("differences are taken in order, logical reductions tell truth") {
  Tile data(Dtype::Fp32, 1, 4), out(Dtype::Fp32, 1, 1);
  const auto reduce = [&](AluOp op) {
    tensor_reduce(out.view(), data.view(), op, 0, false);
    return out.get(0, 0);
  };
  data.set({10, 1, 2, 3});
  CHECK(reduce(AluOp::Subtract) == 4.0F);
  CHECK(reduce(AluOp::LogicalAnd) == 1.0F);
  CHECK(reduce(AluOp::LogicalXor) == 0.0F);
  data.set({0, 0, 7, 0});
  CHECK(reduce(AluOp::LogicalAnd) == 0.0F);
  CHECK(reduce(AluOp::LogicalOr) == 1.0F);
  CHECK(reduce(AluOp::LogicalXor) == 1.0F);
}

TEST_CASE("integer reductions do not go through fp32") {
  Tile data(Dtype::Int32, 1, 2), out(Dtype::Int32, 1, 1);
  data.set_raw<std::int32_t>({16777217, 2});
  tensor_reduce(out.view(), data.view(), AluOp::Add, 0, false);
  CHECK(out.raw<std::int32_t>(0, 0) == 16777219);
}

TEST_CASE("activations agree with their definitions in double") {
  const std::vector<float> x = {-6, -1.5, -0.25, 0, 0.5, 1, 3, 9};
  const auto check = [&](Activation function, double (*definition)(double)) {
    INFO(name(function));
    const std::vector<float> y = activate(function, x);
    for (std::size_t i = 0; i < x.size(); ++i) {
      CHECK(y[i] == Approx(definition(x[i])).epsilon(2e-6).margin(2e-7));
    }
  };
  constexpr auto sigmoid = [](double v) { return 1 / (1 + std::exp(-v)); };
  check(Activation::Copy, [](double v) { return v; });
  check(Activation::Square, [](double v) { return v * v; });
  check(Activation::Sigmoid, sigmoid);
  check(Activation::Relu, [](double v) { return v > 0 ? v : 0.0; });
  check(Activation::Gelu, [](double v) { return v * 0.5 * std::erfc(-v / std::sqrt(2.0)); });
  check(Activation::GeluApprxTanh, [](double v) {
    return 0.5 * v * (1 + std::tanh(std::sqrt(2 / M_PI) * (v + 0.044715 * v * v * v)));
  });
  check(Activation::GeluApprxSigmoid, [](double v) { return v / (1 + std::exp(-1.702 * v)); });
  check(Activation::Silu, [](double v) { return v / (1 + std::exp(-v)); });
  check(Activation::Tanh, [](double v) { return std::tanh(v); });
  check(Activation::Softplus, [](double v) { return std::log1p(std::exp(v)); });
  check(Activation::Erf, [](double v) { return std::erf(v); });
  check(Activation::Exp, [](double v) { return std::exp(v); });
  check(Activation::Sin, [](double v) { return std::sin(v); });
  check(Activation::Sign, [](double v) { return v > 0 ? 1.0 : v < 0 ? -1.0 : 0.0; });
  check(Activation::Abs, [](double v) { return std::fabs(v); });
  constexpr auto gelu_dx = [](double v) {
    return 0.5 * std::erfc(-v / std::sqrt(2.0)) + v * std::exp(-v * v / 2) / std::sqrt(2 * M_PI);
  };
  check(Activation::GeluDx, gelu_dx);
  check(Activation::GeluApprxSigmoidDx, [](double v) {
    const double s = 1 / (1 + std::exp(-1.702 * v));
    return s + 1.702 * v * s * (1 - s);
  });
  check(Activation::SiluDx, [](double v) {
    const double s = 1 / (1 + std::exp(-v));
    return s + v * s * (1 - s);
  });
  check(Activation::Mish, [](double v) { return v * std::tanh(std::log1p(std::exp(v))); });
  check(Activation::ErfDx, [](double v) { return 2 / std::sqrt(M_PI) * std::exp(-v * v); });
  check(Activation::Arctan, [](double v) { return std::atan(v); });
  CHECK(activate(Activation::Log, {std::exp(1.0F)})[0] == Approx(1.0));
  CHECK(activate(Activation::Sqrt, {16})[0] == 4.0F);
  CHECK(activate(Activation::Rsqrt, {16})[0] == 0.25F);
  CHECK(activate(Activation::Reciprocal, {16})[0] == 0.0625F);
}

TEST_CASE("activations of huge arguments reach their limits without NaN") {
  const std::vector<float> x = {-1000, 1000};
  CHECK(activate(Activation::Sigmoid, x) == std::vector<float>{0, 1});
  CHECK(activate(Activation::Silu, x)[1] == 1000.0F);
  CHECK(activate(Activation::Softplus, x) == std::vector<float>{0, 1000});
  CHECK(activate(Activation::GeluApprxTanh, x)[1] == 1000.0F);
  CHECK(activate(Activation::GeluApprxTanh, x)[0] == 0.0F);
  for (const Activation derivative :
       {Activation::GeluDx, Activation::GeluApprxSigmoidDx, Activation::SiluDx}) {
    CHECK(activate(derivative, x) == std::vector<float>{0, 1});
  }
  CHECK(activate(Activation::Mish, x) == std::vector<float>{0, 1000});
}

TEST_CASE("prelu has the slope of its parameter left of 0") {
  Tile data(Dtype::Fp32, 1, 3), out(Dtype::Fp32, 1, 3);
  Scalar one;
  one.immediate = 1;
  activation(out.view(), data.set({-4, 0, 3}).view(), Activation::Prelu, one, Scalar{}, nullptr,
             0.25F);
  CHECK(out.values() == std::vector<float>{-1, 0, 3});
}

TEST_CASE("activation scales and shifts first, per partition, and can sum its rows") {
  Tile data(Dtype::Bf16, 2, 3), scale(Dtype::Fp32, 2, 1), bias(Dtype::Fp32, 2, 1);
  Tile out(Dtype::Bf16, 2, 3), sums(Dtype::Fp32, 2, 1);
  const View scales = scale.set({2, 3}).view();
  const View biases = bias.set({-1, 1}).view();
  const View totals = sums.view();
  Scalar scale_operand, bias_operand;
  scale_operand.view = &scales;
  bias_operand.view = &biases;
  activation(out.view(), data.set({1, 2, 3}).view(), Activation::Square, scale_operand,
             bias_operand, &totals);
  CHECK(out.values() == std::vector<float>{1, 9, 25, 16, 49, 100});
  CHECK(sums.values() == std::vector<float>{35, 165});
}

TEST_CASE("reciprocal divides one by each element") {
  Tile data(Dtype::Fp32, 1, 3), out(Dtype::Fp32, 1, 3);
  reciprocal(out.view(), data.set({4, -0.5, 0}).view());
  CHECK(out.values() == std::vector<float>{0.25, -2, std::numeric_limits<float>::infinity()});
}

TEST_CASE("iota counts along every dimension and down the partitions") {
  Tile out(Dtype::Int32, 2, 6);
  iota(out.view({{3, 2}, {1, 3}}), 100, 1000, {10, 1, 0, 0});
  CHECK(out.values() ==
        std::vector<float>{100, 101, 102, 110, 111, 112, 1100, 1101, 1102, 1110, 1111, 1112});
}

TEST_CASE("affine_select keeps the lower triangle of a causal mask") {
  Tile data(Dtype::Fp32, 3, 3), out(Dtype::Fp32, 3, 3);
  affine_select(out.view(), data.set({1}).view(), 0, 1, {-1, 0, 0, 0}, -9.0F);
  CHECK(out.values() == std::vector<float>{1, -9, -9, 1, 1, -9, 1, 1, 1});
}

TEST_CASE("affine_select keeps where its comparison holds") {
  Tile data(Dtype::Fp32, 1, 3), out(Dtype::Fp32, 1, 3);
  const auto select = [&](AluOp op) {
    affine_select(out.view(), data.set({1}).view(), -1, 0, {1, 0, 0, 0}, 0, op);  // of -1, 0, 1
    return out.values();
  };
  CHECK(select(AluOp::Equal) == std::vector<float>{0, 1, 0});
  CHECK(select(AluOp::NotEqual) == std::vector<float>{1, 0, 1});
  CHECK(select(AluOp::Less) == std::vector<float>{1, 0, 0});
  CHECK(select(AluOp::LessEqual) == std::vector<float>{1, 1, 0});
  CHECK(select(AluOp::Greater) == std::vector<float>{0, 0, 1});
  CHECK(select(AluOp::GreaterEqual) == std::vector<float>{0, 1, 1});
}

TEST_CASE("six statistics are those of even places, then of odd ones") {
  Tile data(Dtype::Fp32, 1, 5), stats(Dtype::Fp32, 1, 6), result(Dtype::Fp32, 1, 2);
  data.set({1, 10, 2, 20, 6});
  bn_stats(stats.view(), data.view());
  CHECK(stats.values() == std::vector<float>{3, 3, 14, 2, 15, 50});
  bn_aggr(result.view(), stats.view());
  CHECK(result.get(0, 0) == Approx(7.8));
  CHECK(result.get(0, 1) == Approx(47.36));
}

TEST_CASE("statistics of pieces combine to mean and variance of the whole") {
  Tile data(Dtype::Fp32, 1, 700), stats(Dtype::Fp32, 1, 6), result(Dtype::Fp32, 1, 2);
  data.randomise(11);
  bn_stats(stats.view({{1, 3}}), data.view({{1, 512}}));
  bn_stats(stats.view({{1, 3}}, 3), data.view({{1, 188}}, 512));
  bn_aggr(result.view(), stats.view());
  const std::vector<float> values = data.values();
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / 700;
  double variance = 0;
  for (const float value : values) {
    variance += (value - mean) * (value - mean) / 700;
  }
  CHECK(stats.get(0, 0) == 512.0F);
  CHECK(result.get(0, 0) == Approx(mean).margin(1e-6));
  CHECK(result.get(0, 1) == Approx(variance).epsilon(1e-5));
}

TEST_CASE("has_nan finds one NaN among many, and none in integers") {
  Tile floats(Dtype::Bf16, 4, 100), integers(Dtype::Int32, 1, 1);
  floats.set({1});
  CHECK_FALSE(has_nan(floats.view()));
  std::vector<float> values(400, 1.0F);
  values[399] = kNan;
  CHECK(has_nan(floats.set(values).view()));
  CHECK_FALSE(has_nan(integers.set_raw<std::uint32_t>({0x7fc00000U}).view()));
}
