// SPDX-License-Identifier: Apache-2.0
#include "sim/numerics/mx.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "tests/support/tile.h"

using namespace nsim::num;
using nsim::num::test::Tile;

namespace {

/// The definition, in double: one scale per 8 partitions x 4 elements.
double scale_of(Tile& src, std::int64_t group, std::int64_t element, int highest_exponent) {
  double largest = 0;
  for (std::int64_t p = 8 * group; p < 8 * group + 8; ++p) {
    for (std::int64_t k = 4 * element; k < 4 * element + 4; ++k) {
      largest = std::max(largest, std::fabs(double{src.get(p, k)}));
    }
  }
  return largest == 0 ? std::ldexp(1, -127)
                      : std::exp2(std::floor(std::log2(largest)) - (highest_exponent - 1));
}

void check_quantized(Dtype packed, Dtype element, int highest_exponent) {
  Tile src(Dtype::Bf16, 64, 8), dst(packed, 64, 2), scales(Dtype::Uint8, mx_scale_rows(64), 2);
  src.randomise(5);
  for (std::int64_t p = 40; p < 48; ++p) {  // a group of zeros
    for (std::int64_t k = 0; k < 4; ++k) {
      store(Dtype::Bf16, src.view().base + p * src.view().partition_stride + 2 * k, 0);
    }
  }
  quantize_mx(dst.view(), scales.view(), src.view());
  const View out = dst.view();
  for (std::int64_t p = 0; p < 64; ++p) {
    for (std::int64_t e = 0; e < 2; ++e) {
      const double expected = scale_of(src, p / 8, e, highest_exponent);
      const std::int64_t row = p / 32 * 32 + p % 32 / 8;
      REQUIRE(mx_scale(static_cast<std::uint8_t>(scales.get(row, e))) == expected);
      const auto values = unpack(packed, out.base + p * out.partition_stride + 4 * e);
      for (std::int64_t k = 0; k < 4; ++k) {
        const auto scaled = static_cast<float>(src.get(p, 4 * e + k) / expected);
        REQUIRE(values[static_cast<std::size_t>(k)] == round_to(element, scaled));
      }
    }
  }
}

}  // namespace

TEST_CASE("quantising gives each group the scale of its largest element and rounds the rest") {
  check_quantized(Dtype::Fp8E4FnX4, Dtype::Fp8E4Fn, 8);
  check_quantized(Dtype::Fp8E5X4, Dtype::Fp8E5, 15);
}

TEST_CASE("a NaN or an infinity makes its group NaN") {
  for (const float bad : {std::nanf(""), HUGE_VALF}) {
    Tile src(Dtype::Bf16, 32, 4), dst(Dtype::Fp8E4FnX4, 32, 1), scales(Dtype::Uint8, 4, 1);
    src.set({1, 1, bad, 1});
    quantize_mx(dst.view(), scales.view(), src.view());
    CHECK(scales.get(0, 0) == 255);
    CHECK(std::isnan(mx_scale(255)));
  }
}

TEST_CASE("the scales of a quadrant lie in its first four rows") {
  CHECK(mx_scale_row(0) == 0);
  CHECK(mx_scale_row(7) == 0);
  CHECK(mx_scale_row(8) == 1);
  CHECK(mx_scale_row(31) == 3);
  CHECK(mx_scale_row(32) == 32);
  CHECK(mx_scale_rows(32) == 4);
  CHECK(mx_scale_rows(128) == 100);
}

TEST_CASE("fp4 has eight magnitudes, two to a byte") {
  const std::byte packed[2] = {std::byte{0x21}, std::byte{0xf7}};
  CHECK(unpack(Dtype::Fp4X4, packed) == std::array<float, 4>{0.5F, 1, 6, -6});
}
