// SPDX-License-Identifier: Apache-2.0
#include "sim/numerics/dtype.h"

#include <Eigen/Core>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "sim/base/random.h"

using namespace nsim::num;

namespace {

constexpr Dtype kAll[] = {Dtype::Fp32,  Dtype::Tf32,   Dtype::Bf16,   Dtype::Fp16,  Dtype::Fp8E4,
                          Dtype::Fp8E5, Dtype::Int8,   Dtype::Uint8,  Dtype::Int16, Dtype::Uint16,
                          Dtype::Int32, Dtype::Uint32, Dtype::Fp8E4Fn};

/// 1 + exponent + mantissa bits, all IEEE-like.
struct Format {
  Dtype dtype;
  int exponent;
  int mantissa;
  int storage_bits() const { return 1 + exponent + mantissa; }
  int bias() const { return (1 << (exponent - 1)) - 1; }
};
constexpr Format kSmall[] = {
    {Dtype::Bf16, 8, 7}, {Dtype::Fp16, 5, 10}, {Dtype::Fp8E4, 4, 3}, {Dtype::Fp8E5, 5, 2}};

/// The definition of a floating-point number, in double and without any bit trick.
double value_of(const Format& format, unsigned bits) {
  const unsigned mantissa = bits & ((1U << format.mantissa) - 1);
  const unsigned exponent = (bits >> format.mantissa) & ((1U << format.exponent) - 1);
  const double sign = (bits >> (format.exponent + format.mantissa)) != 0 ? -1 : 1;
  if (exponent == (1U << format.exponent) - 1) {
    return mantissa != 0 ? std::numeric_limits<double>::quiet_NaN()
                         : sign * std::numeric_limits<double>::infinity();
  }
  const double fraction = std::ldexp(mantissa, -format.mantissa);
  return exponent == 0
             ? sign * std::ldexp(fraction, 1 - format.bias())
             : sign * std::ldexp(1 + fraction, static_cast<int>(exponent) - format.bias());
}

/// Rounds by scaling to integers of the format's last place: nearbyint is to nearest even.
double slow_round(const Format& format, double x) {
  if (x == 0 || std::isnan(x) || std::isinf(x)) {
    return x;
  }
  const int exponent = std::max(std::ilogb(x), 1 - format.bias());
  const int last_place = exponent - format.mantissa;
  const double rounded = std::ldexp(std::nearbyint(std::ldexp(x, -last_place)), last_place);
  const double largest = std::ldexp(2 - std::ldexp(1, -format.mantissa), format.bias());
  return std::fabs(rounded) > largest ? std::copysign(std::numeric_limits<double>::infinity(), x)
                                      : rounded;
}

bool same(double a, double b) {
  return (std::isnan(a) && std::isnan(b)) || (a == b && std::signbit(a) == std::signbit(b));
}

float load_bits(const Format& format, unsigned bits) {
  std::byte storage[4] = {};
  std::memcpy(storage, &bits, 4);
  return load(format.dtype, storage);
}

unsigned store_bits(Dtype dtype, float value) {
  unsigned bits = 0;
  std::byte storage[4] = {};
  store(dtype, storage, value);
  std::memcpy(&bits, storage, 4);
  return bits;
}

template <class Integer>
Integer stored(Dtype dtype, float value) {
  Integer result;
  std::byte storage[sizeof(Integer)];
  store(dtype, storage, value);
  std::memcpy(&result, storage, sizeof result);
  return result;
}

/// Values worth rounding: every value of the format, the middle to the next one, and their
/// neighbours.
std::vector<float> corner_cases(const Format& format) {
  std::vector<float> cases;
  const float infinity = std::numeric_limits<float>::infinity();
  for (unsigned bits = 0; bits < (1U << format.storage_bits()); ++bits) {
    const double value = value_of(format, bits);
    const double next = value_of(format, bits + 1);
    if (std::isnan(value)) {
      continue;
    }
    cases.push_back(static_cast<float>(value));
    if (std::isfinite(value) && std::isfinite(next)) {
      const auto middle = static_cast<float>((value + next) / 2);
      cases.insert(cases.end(),
                   {middle, std::nextafter(middle, infinity), std::nextafter(middle, -infinity)});
    }
  }
  const double largest = std::ldexp(2 - std::ldexp(1, -format.mantissa), format.bias());
  const double beyond = largest + std::ldexp(1, format.bias() - format.mantissa - 1);
  if (beyond < std::numeric_limits<float>::max()) {
    const auto limit = static_cast<float>(beyond);
    cases.insert(cases.end(),
                 {limit, std::nextafter(limit, 0.0F), -limit, limit * 2, limit * 1e6F});
  }
  cases.insert(cases.end(), {infinity, -infinity, 1e-40F, -1e-45F, 3.4e38F, -3.4e38F});
  return cases;
}

float random_float(nsim::RandomStream& stream) {
  const auto bits = static_cast<std::uint32_t>(stream.next());
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

}  // namespace

TEST_CASE("every dtype is parsed from its own name and nothing else") {
  for (const Dtype dtype : kAll) {
    REQUIRE(parse_dtype(name(dtype)) == dtype);
  }
  CHECK_FALSE(parse_dtype("float8"));
  CHECK_FALSE(parse_dtype(""));
  CHECK(size_of(Dtype::Tf32) == 4);
  CHECK(size_of(Dtype::Fp8E4) == 1);
  CHECK(is_float(Dtype::Fp8E5));
  CHECK_FALSE(is_float(Dtype::Uint8));
}

TEST_CASE("every bit pattern of an 8- or 16-bit float has the value of its definition") {
  for (const Format& format : kSmall) {
    INFO(name(format.dtype));
    bool right = true;
    for (unsigned bits = 0; bits < (1U << format.storage_bits()); ++bits) {
      right = right && same(load_bits(format, bits), value_of(format, bits));
    }
    CHECK(right);
  }
}

TEST_CASE("every value of an 8- or 16-bit float is stored as its own bit pattern") {
  for (const Format& format : kSmall) {
    INFO(name(format.dtype));
    unsigned wrong = 0;
    for (unsigned bits = 0; bits < (1U << format.storage_bits()); ++bits) {
      const double value = value_of(format, bits);
      if (!std::isnan(value) && store_bits(format.dtype, static_cast<float>(value)) != bits) {
        ++wrong;
      }
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE("rounding to an 8- or 16-bit float is to nearest even at every boundary") {
  for (const Format& format : kSmall) {
    INFO(name(format.dtype));
    unsigned wrong = 0;
    for (const float x : corner_cases(format)) {
      wrong += same(round_to(format.dtype, x), slow_round(format, x)) ? 0 : 1;
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE("random floats round as the slow formula says") {
  nsim::RandomStream stream(7, "dtype_test");
  const Format tf32 = {Dtype::Tf32, 8, 10};
  for (int i = 0; i < 20000; ++i) {
    const float x = random_float(stream);
    for (const Format& format : kSmall) {
      if (!same(round_to(format.dtype, x), slow_round(format, x))) {
        FAIL(name(format.dtype) << " of " << x << " is " << round_to(format.dtype, x));
      }
    }
    if (!same(round_to(tf32.dtype, x), slow_round(tf32, x))) {
      FAIL("tf32 of " << x << " is " << round_to(tf32.dtype, x));
    }
  }
}

TEST_CASE("fp16 and bf16 agree with Eigen") {
  nsim::RandomStream stream(8, "dtype_test");
  for (int i = 0; i < 20000; ++i) {
    const float x = random_float(stream);
    if (std::isnan(x)) {
      continue;
    }
    if (store_bits(Dtype::Fp16, x) != Eigen::half(x).x) {
      FAIL("fp16 of " << x);
    }
    if (store_bits(Dtype::Bf16, x) != Eigen::bfloat16(x).value) {
      FAIL("bf16 of " << x);
    }
  }
}

TEST_CASE("the largest finite values are those of the formats") {
  CHECK(round_to(Dtype::Fp8E4, 240.0F) == 240.0F);
  CHECK(round_to(Dtype::Fp8E4, 247.9F) == 240.0F);
  CHECK(std::isinf(round_to(Dtype::Fp8E4, 248.0F)));
  CHECK(round_to(Dtype::Fp8E5, 57344.0F) == 57344.0F);
  CHECK(std::isinf(round_to(Dtype::Fp8E5, 61440.0F)));
  CHECK(round_to(Dtype::Fp16, 65504.0F) == 65504.0F);
  CHECK(std::isinf(round_to(Dtype::Fp16, 65520.0F)));
  CHECK(std::isinf(round_to(Dtype::Bf16, std::numeric_limits<float>::max())));
}

TEST_CASE("NaN stays NaN in every float dtype, whatever its payload") {
  const std::uint32_t payload = 0x7f800001U;
  float nan;
  std::memcpy(&nan, &payload, sizeof nan);
  for (const Dtype dtype : kAll) {
    if (is_float(dtype)) {
      INFO(name(dtype));
      CHECK(std::isnan(round_to(dtype, nan)));
      CHECK(std::isnan(round_to(dtype, -nan)));
    }
  }
}

TEST_CASE("a tf32 tensor with full fp32 contents is read with ten mantissa bits") {
  const float x = 1.0F + std::ldexp(1.0F, -10) + std::ldexp(1.0F, -12);
  std::byte storage[4];
  std::memcpy(storage, &x, sizeof x);
  CHECK(load(Dtype::Tf32, storage) == 1.0F + std::ldexp(1.0F, -10));
}

TEST_CASE("float to integer rounds to nearest even") {
  CHECK(stored<std::int8_t>(Dtype::Int8, 0.5F) == 0);
  CHECK(stored<std::int8_t>(Dtype::Int8, 1.5F) == 2);
  CHECK(stored<std::int8_t>(Dtype::Int8, -2.5F) == -2);
  CHECK(stored<std::int32_t>(Dtype::Int32, 8388607.5F) == 8388608);
  CHECK(stored<std::uint32_t>(Dtype::Uint32, 2.5F) == 2);
}

TEST_CASE("float to integer saturates, and NaN becomes zero") {
  const float infinity = std::numeric_limits<float>::infinity();
  CHECK(stored<std::int8_t>(Dtype::Int8, 127.5F) == 127);
  CHECK(stored<std::int8_t>(Dtype::Int8, 1e9F) == 127);
  CHECK(stored<std::int8_t>(Dtype::Int8, -129.0F) == -128);
  CHECK(stored<std::uint8_t>(Dtype::Uint8, -1.0F) == 0);
  CHECK(stored<std::uint8_t>(Dtype::Uint8, 255.5F) == 255);
  CHECK(stored<std::int16_t>(Dtype::Int16, 40000.0F) == 32767);
  CHECK(stored<std::uint16_t>(Dtype::Uint16, 70000.0F) == 65535);
  CHECK(stored<std::int32_t>(Dtype::Int32, 2147483648.0F) == INT32_MAX);
  CHECK(stored<std::int32_t>(Dtype::Int32, -infinity) == INT32_MIN);
  CHECK(stored<std::uint32_t>(Dtype::Uint32, infinity) == UINT32_MAX);
  CHECK(stored<std::uint32_t>(Dtype::Uint32, 4294967040.0F) == 4294967040U);
  for (const Dtype dtype : kAll) {
    if (!is_float(dtype)) {
      CHECK(store_bits(dtype, std::nanf("")) == 0);
    }
  }
}

TEST_CASE("rows convert every element like single elements") {
  nsim::RandomStream stream(9, "dtype_test");
  std::vector<float> values(67);
  for (float& value : values) {
    value = static_cast<float>(stream.normal() * 100);
  }
  for (const Dtype dtype : kAll) {
    INFO(name(dtype));
    std::vector<std::byte> row(values.size() * size_of(dtype));
    std::vector<float> back(values.size());
    store_row(dtype, row.data(), values.data(), values.size());
    load_row(dtype, row.data(), back.data(), back.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      REQUIRE(back[i] == round_to(dtype, values[i]));
      REQUIRE(load(dtype, row.data() + i * size_of(dtype)) == back[i]);
    }
  }
}

TEST_CASE("e4m3fn has numbers up to 448 where e4m3 has infinity, and one NaN of each sign") {
  for (unsigned bits = 0; bits < 128; ++bits) {
    const std::byte storage{static_cast<unsigned char>(bits)};
    const float value = load(Dtype::Fp8E4Fn, &storage);
    if (bits == 127) {
      CHECK(std::isnan(value));
      continue;
    }
    const int exponent = static_cast<int>(bits >> 3);
    const double mantissa = (bits & 7U) / 8.0;
    CHECK(value ==
          (exponent == 0 ? std::ldexp(mantissa, -6) : std::ldexp(1 + mantissa, exponent - 7)));
    CHECK(round_to(Dtype::Fp8E4Fn, value) == value);
    CHECK(round_to(Dtype::Fp8E4Fn, -value) == -value);
    const std::byte above{static_cast<unsigned char>(bits + 1)};
    const float next = load(Dtype::Fp8E4Fn, &above);
    if (bits < 126) {
      const float middle = (value + next) / 2;
      CHECK(round_to(Dtype::Fp8E4Fn, middle) == ((bits & 1U) == 0 ? value : next));
      CHECK(round_to(Dtype::Fp8E4Fn, std::nextafter(middle, 1000.0F)) == next);
      CHECK(round_to(Dtype::Fp8E4Fn, std::nextafter(middle, 0.0F)) == value);
    }
  }
  CHECK(round_to(Dtype::Fp8E4Fn, 464) == 448);
  CHECK(std::isnan(round_to(Dtype::Fp8E4Fn, 465)));
  CHECK(std::isnan(round_to(Dtype::Fp8E4Fn, 1e30F)));
}

TEST_CASE("packed types are neither float nor integer, and have the size of four elements") {
  CHECK(size_of(Dtype::Fp8E5X4) == 4);
  CHECK(size_of(Dtype::Fp8E4FnX4) == 4);
  CHECK(size_of(Dtype::Fp4X4) == 2);
  for (const Dtype packed : {Dtype::Fp8E5X4, Dtype::Fp8E4FnX4, Dtype::Fp4X4}) {
    CHECK(is_packed(packed));
    CHECK_FALSE(is_float(packed));
    CHECK(parse_dtype(name(packed)) == packed);
  }
  CHECK_FALSE(is_packed(Dtype::Int32));
}
