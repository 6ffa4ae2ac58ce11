// SPDX-License-Identifier: Apache-2.0
#include "sim/numerics/mx.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "sim/base/error.h"
#include "sim/numerics/codec.h"
#include "sim/numerics/rows.h"

namespace nsim::num {
namespace {

constexpr int kScaleBias = 127;

/// Exponent of the largest finite value.
int largest_exponent(Dtype packed) {
  return packed == Dtype::Fp8E5X4 ? 15 : 8;
}

/// e2m1: 0, 0.5, 1, 1.5, 2, 3, 4, 6 and their negatives.
float decode_fp4(unsigned bits) {
  constexpr std::array<float, 8> kMagnitudes{0, 0.5F, 1, 1.5F, 2, 3, 4, 6};
  const float magnitude = kMagnitudes[bits & 7U];
  return (bits & 8U) != 0 ? -magnitude : magnitude;
}

/// The stored scale of a group whose largest magnitude is `largest`. Zero has the smallest scale,
/// an infinity or NaN makes the group NaN.
int stored_scale(float largest, int highest) {
  if (!std::isfinite(largest)) {
    return 255;
  }
  if (largest == 0) {
    return 0;
  }
  return std::clamp(std::ilogb(largest) - (highest - 1) + kScaleBias, 0, 254);
}

template <class Codec>
std::uint32_t pack(const float* values, float inverse_scale) {
  std::uint32_t packed = 0;
  for (int i = 0; i < kPacked; ++i) {
    packed |= static_cast<std::uint32_t>(Codec::encode(values[i] * inverse_scale)) << (8 * i);
  }
  return packed;
}

}  // namespace

std::array<float, kPacked> unpack(Dtype packed, const std::byte* from) {
  std::array<float, kPacked> values{};
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (packed == Dtype::Fp4X4) {
      const auto both = static_cast<unsigned>(from[i / 2]);
      values[i] = decode_fp4(i % 2 == 0 ? both & 15U : both >> 4);
    } else if (packed == Dtype::Fp8E5X4) {
      values[i] = load(Dtype::Fp8E5, from + i);
    } else if (packed == Dtype::Fp8E4FnX4) {
      values[i] = load(Dtype::Fp8E4Fn, from + i);
    } else {
      throw InternalError(std::string("unpack: ") + name(packed));
    }
  }
  return values;
}

float mx_scale(std::uint8_t stored) {
  return stored == 255 ? std::nanf("") : std::ldexp(1.0F, stored - kScaleBias);
}

void quantize_mx(const View& dst, const View& dst_scale, const View& src) {
  const Rows to(dst);
  const Rows to_scale(dst_scale);
  const Rows from(src);
  const std::size_t width = from.elements();
  std::vector<float> group(static_cast<std::size_t>(kMxPartitions) * width);
  std::vector<std::uint32_t> packed(to.elements());
  std::vector<std::int64_t> scales(to.elements());
  for (std::int64_t first = 0; first < to.partitions(); first += kMxPartitions) {
    for (std::int64_t r = 0; r < kMxPartitions; ++r) {
      from.read(first + r, group.data() + static_cast<std::size_t>(r) * width);
    }
    for (std::size_t i = 0; i < to.elements(); ++i) {
      float largest = 0;
      for (std::size_t r = 0; r < kMxPartitions; ++r) {
        for (std::size_t k = 0; k < kPacked; ++k) {
          const float magnitude = std::fabs(group[r * width + i * kPacked + k]);
          largest = magnitude > largest || magnitude != magnitude ? magnitude : largest;
        }
      }
      scales[i] = stored_scale(largest, largest_exponent(dst.dtype));
    }
    for (std::size_t r = 0; r < kMxPartitions; ++r) {
      for (std::size_t i = 0; i < to.elements(); ++i) {
        const float* values = group.data() + r * width + i * kPacked;
        const float inverse = 1.0F / mx_scale(static_cast<std::uint8_t>(scales[i]));
        packed[i] = dst.dtype == Dtype::Fp8E5X4 ? pack<Fp8E5Codec>(values, inverse)
                                                : pack<Fp8E4FnCodec>(values, inverse);
      }
      to.write(first + static_cast<std::int64_t>(r), packed.data());
    }
    to_scale.write(mx_scale_row(first), scales.data());
  }
}

}  // namespace nsim::num
