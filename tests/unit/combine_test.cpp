// SPDX-License-Identifier: Apache-2.0
#include "sim/numerics/combine.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <type_traits>
#include <vector>

#include "sim/numerics/dtype.h"

using namespace nsim::num;

namespace {

constexpr CombineOp kOps[] = {CombineOp::Add, CombineOp::Max, CombineOp::Min};

std::vector<std::byte> random_bytes(std::size_t count, unsigned seed) {
  std::mt19937 engine(seed);
  std::vector<std::byte> bytes(count);
  for (std::byte& byte : bytes) {
    byte = static_cast<std::byte>(engine());
  }
  return bytes;
}

std::vector<std::byte> combined(ElementType type, CombineOp op, const std::vector<std::byte>& from,
                                std::size_t sources) {
  const std::size_t stride = from.size() / sources;
  std::vector<std::byte> to(stride);
  combine(type, op, from.data(), sources, stride, to.data(), stride / size_of(type));
  return to;
}

template <class Number>
Number element(const std::vector<std::byte>& bytes, std::size_t index) {
  Number number;
  std::memcpy(&number, bytes.data() + index * sizeof number, sizeof number);
  return number;
}

template <class Number>
void check_integers(ElementType type) {
  constexpr std::size_t kSources = 5;
  constexpr std::size_t kCount = 700;
  REQUIRE(size_of(type) == sizeof(Number));
  const auto from = random_bytes(kSources * kCount * sizeof(Number), 3);
  for (const CombineOp op : kOps) {
    const auto to = combined(type, op, from, kSources);
    bool same = true;
    for (std::size_t i = 0; i < kCount; ++i) {
      std::make_unsigned_t<Number> sum = 0;
      Number most = std::numeric_limits<Number>::min();
      Number least = std::numeric_limits<Number>::max();
      for (std::size_t s = 0; s < kSources; ++s) {
        const auto x = element<Number>(from, s * kCount + i);
        sum = static_cast<decltype(sum)>(sum + static_cast<decltype(sum)>(x));
        most = std::max(most, x);
        least = std::min(least, x);
      }
      const Number expected = op == CombineOp::Add   ? static_cast<Number>(sum)
                              : op == CombineOp::Max ? most
                                                     : least;
      same = same && element<Number>(to, i) == expected;
    }
    CHECK(same);
  }
}

/// The value of an fp8 with three exponent and four mantissa bits, from its definition.
double fp8_e3(unsigned bits) {
  const int exponent = static_cast<int>(bits >> 4 & 7U);
  const unsigned mantissa = bits & 15U;
  double value = 0;
  if (exponent == 7) {
    value = mantissa == 0 ? std::numeric_limits<double>::infinity()
                          : std::numeric_limits<double>::quiet_NaN();
  } else if (exponent == 0) {
    value = std::ldexp(mantissa, -6);
  } else {
    value = std::ldexp(16 + mantissa, exponent - 3 - 4);
  }
  return bits >= 128 ? -value : value;
}

}  // namespace

TEST_CASE("integers of every width are combined exactly, sums wrap around") {
  check_integers<std::uint8_t>(ElementType::Uint8);
  check_integers<std::int8_t>(ElementType::Int8);
  check_integers<std::uint16_t>(ElementType::Uint16);
  check_integers<std::int16_t>(ElementType::Int16);
  check_integers<std::uint32_t>(ElementType::Uint32);
  check_integers<std::int32_t>(ElementType::Int32);
  check_integers<std::uint64_t>(ElementType::Uint64);
  check_integers<std::int64_t>(ElementType::Int64);
}

TEST_CASE("floating types are combined in fp32 in the order of the sources and rounded once") {
  struct Row {
    ElementType type;
    Dtype dtype;
  };
  constexpr std::size_t kSources = 7;
  constexpr std::size_t kCount = 600;
  for (const Row& row : {Row{ElementType::Fp32, Dtype::Fp32}, Row{ElementType::Bf16, Dtype::Bf16},
                         Row{ElementType::Fp16, Dtype::Fp16}, Row{ElementType::Fp8E4, Dtype::Fp8E4},
                         Row{ElementType::Fp8E5, Dtype::Fp8E5}}) {
    const std::size_t size = size_of(row.type);
    REQUIRE(size == size_of(row.dtype));
    const auto from = random_bytes(kSources * kCount * size, 5);
    for (const CombineOp op : kOps) {
      CAPTURE(static_cast<int>(row.type), static_cast<int>(op));
      const auto to = combined(row.type, op, from, kSources);
      std::size_t wrong = 0;
      for (std::size_t i = 0; i < kCount; ++i) {
        float expected = load(row.dtype, from.data() + i * size);
        bool nan = std::isnan(expected);
        for (std::size_t s = 1; s < kSources; ++s) {
          const float x = load(row.dtype, from.data() + (s * kCount + i) * size);
          nan = nan || std::isnan(x);
          expected = op == CombineOp::Add   ? expected + x
                     : op == CombineOp::Max ? std::fmax(expected, x)
                                            : std::fmin(expected, x);
        }
        const float got = load(row.dtype, to.data() + i * size);
        nan = nan || std::isnan(expected);
        wrong += nan ? (std::isnan(got) ? 0 : 1) : got == round_to(row.dtype, expected) ? 0 : 1;
      }
      CHECK(wrong == 0);
    }
  }
}

TEST_CASE("fp8 e3 has the values of its definition, and sums are the nearest of them") {
  for (unsigned a = 0; a < 256; ++a) {
    for (unsigned b = 0; b < 256; ++b) {
      const std::byte from[2] = {static_cast<std::byte>(a), static_cast<std::byte>(b)};
      std::byte to{};
      combine(ElementType::Fp8E3, CombineOp::Add, from, 2, 1, &to, 1);
      const double exact = fp8_e3(a) + fp8_e3(b);
      const double got = fp8_e3(static_cast<unsigned>(to));
      if (std::isnan(exact)) {
        REQUIRE(std::isnan(got));
      } else if (std::fabs(exact) >= 15.75) {  // half a step beyond the largest number
        REQUIRE(std::isinf(got));
      } else {
        const double step =
            std::fabs(exact) < 0.5 ? 1.0 / 64 : std::ldexp(1.0 / 16, std::ilogb(exact));
        REQUIRE(std::fabs(got - exact) <= step / 2);
      }
    }
  }
}
