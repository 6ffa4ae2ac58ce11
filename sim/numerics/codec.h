// SPDX-License-Identifier: Apache-2.0
// How one element of each type lies in memory: `decode` and `encode` between its storage and fp32,
// and for integers their exact value. Internal to sim/numerics; everything is branch-free where it
// can be, so that loops over it vectorise.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <type_traits>

#include "sim/base/error.h"
#include "sim/numerics/dtype.h"

namespace nsim::num {

inline std::uint32_t bits_of(float x) {
  std::uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  return bits;
}

inline float float_of(std::uint32_t bits) {
  float x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

/// `bits` of an fp32 rounded to nearest even after dropping the low `drop` bits, still in place.
/// NaN stays NaN (made quiet), overflow carries into infinity.
template <int drop>
std::uint32_t round_mantissa(std::uint32_t bits) {
  constexpr std::uint32_t kHalfLess = (1U << (drop - 1)) - 1;
  const std::uint32_t rounded = bits + kHalfLess + ((bits >> drop) & 1U);
  const bool nan = (bits & 0x7fffffffU) > 0x7f800000U;
  return (nan ? (bits | 0x00400000U) : rounded) & ~((1U << drop) - 1U);
}

/// IEEE-like formats of at most 16 bits with fewer exponent bits than fp32: fp16, fp8 e4m3, fp8
/// e5m2.
template <class StorageType, int kExponentBits, int kMantissaBits>
struct SmallFloatCodec {
  using Storage = StorageType;
  static constexpr int kBias = (1 << (kExponentBits - 1)) - 1;
  static constexpr int kShift = 23 - kMantissaBits;
  static constexpr std::uint32_t kInfinity = ((1U << kExponentBits) - 1U) << kMantissaBits;
  static constexpr std::uint32_t kQuietNan = kInfinity | (1U << (kMantissaBits - 1));
  static constexpr int kSignShift = 31 - kExponentBits - kMantissaBits;

  static float decode(Storage storage) {
    const std::uint32_t all = storage;
    const std::uint32_t sign = (all << kSignShift) & 0x80000000U;
    const std::uint32_t magnitude = all & ((1U << (kExponentBits + kMantissaBits)) - 1U);
    // The exponent field is short by the difference of the biases; multiplying by a power of two
    // corrects it exactly, for subnormals too.
    const float scaled = float_of(magnitude << kShift) * float_of((254U - kBias) << 23);
    const std::uint32_t special = magnitude >= kInfinity ? 0x7f800000U : 0U;
    return float_of(bits_of(scaled) | special | sign);
  }

  static Storage encode(float x) {
    const std::uint32_t all = bits_of(x);
    // Signed, because SSE2 only compares signed integers; a magnitude never reaches the sign bit.
    const auto magnitude = static_cast<std::int32_t>(all & 0x7fffffffU);
    // Subnormal results: adding a number whose last bit is the format's smallest step lets the FPU
    // round.
    constexpr std::int32_t kMagic = (127 - kBias + kShift + 1) << 23;
    const auto shifted = static_cast<std::int32_t>(
        bits_of(float_of(all & 0x7fffffffU) + float_of(std::uint32_t{kMagic})));
    const std::int32_t small = shifted - kMagic;
    const std::int32_t odd = (magnitude >> kShift) & 1;
    const std::int32_t normal =
        (magnitude - ((127 - kBias) << 23) + ((1 << (kShift - 1)) - 1) + odd) >> kShift;
    constexpr std::int32_t kSmallestNormal = (128 - kBias) << 23;
    constexpr std::int32_t kBeyond = (128 + kBias) << 23;  // twice the largest binade
    std::int32_t result = magnitude < kSmallestNormal ? small : normal;
    result = magnitude >= kBeyond ? static_cast<std::int32_t>(kInfinity) : result;
    result = magnitude > 0x7f800000 ? static_cast<std::int32_t>(kQuietNan) : result;
    const std::uint32_t sign = (all & 0x80000000U) >> kSignShift;
    return static_cast<Storage>(static_cast<std::uint32_t>(result) | sign);
  }
};

struct Fp32Codec {
  using Storage = std::uint32_t;
  static float decode(Storage bits) { return float_of(bits); }
  static Storage encode(float x) { return bits_of(x); }
};

/// 1-8-10 in the upper bits of four bytes. Memory may hold a full fp32 (written by a host): rounded
/// on load.
struct Tf32Codec {
  using Storage = std::uint32_t;
  static float decode(Storage bits) { return float_of(round_mantissa<13>(bits)); }
  static Storage encode(float x) { return round_mantissa<13>(bits_of(x)); }
};

struct Bf16Codec {
  using Storage = std::uint16_t;
  static float decode(Storage bits) { return float_of(std::uint32_t{bits} << 16); }
  static Storage encode(float x) {
    return static_cast<Storage>(round_mantissa<16>(bits_of(x)) >> 16);
  }
};

using Fp16Codec = SmallFloatCodec<std::uint16_t, 5, 10>;
using Fp8E5Codec = SmallFloatCodec<std::uint8_t, 5, 2>;
using Fp8E4Codec = SmallFloatCodec<std::uint8_t, 4, 3>;

/// e4m3 in which the highest exponent is one of numbers, except for its last value, NaN.
struct Fp8E4FnCodec {
  using Storage = std::uint8_t;
  static constexpr std::uint32_t kNan = 0x7f;

  static float decode(Storage storage) {
    const std::uint32_t sign = (std::uint32_t{storage} << 24) & 0x80000000U;
    const std::uint32_t magnitude = storage & 0x7fU;
    const float scaled = float_of(magnitude << 20) * float_of((254U - 7U) << 23);
    const std::uint32_t special = magnitude == kNan ? 0x7fc00000U : 0U;
    return float_of(bits_of(scaled) | special | sign);
  }

  static Storage encode(float x) {
    const float magnitude = std::fabs(x);
    const std::uint32_t sign = (bits_of(x) & 0x80000000U) >> 24;
    constexpr float kInfinityOfE4m3 = 256;
    std::uint32_t bits = kNan;
    if (magnitude < 240) {
      bits = Fp8E4Codec::encode(magnitude);
    } else if (magnitude <= 464) {  // halfway between 448 and what is NaN: to even
      // In the last two binades the steps are 16 and 32.
      const float step = magnitude < kInfinityOfE4m3 ? 16 : 32;
      const float rounded = std::nearbyint(magnitude / step) * step;
      bits = rounded < kInfinityOfE4m3
                 ? Fp8E4Codec::encode(rounded)
                 : 0x78U + static_cast<std::uint32_t>((rounded - kInfinityOfE4m3) / 32);
    }
    return static_cast<Storage>(bits | sign);
  }
};

template <class Integer>
struct IntegerCodec {
  using Storage = Integer;
  static float decode(Storage value) { return static_cast<float>(value); }
  static Storage encode(float x) {
    using Limits = std::numeric_limits<Integer>;
    // Both bounds are powers of two (or one less, below 2^24), hence exact in fp32.
    constexpr float kBelow = static_cast<float>(Limits::min());
    constexpr Integer kHalf = Limits::max() / 2 + 1;
    constexpr float kBeyond = static_cast<float>(kHalf) * 2.0F;
    if (!(x > kBelow)) {  // NaN ends here too
      return x == x ? Limits::min() : Integer{0};
    }
    if (x >= kBeyond) {
      return Limits::max();
    }
    const long rounded = std::lrintf(x);  // RNE: the rounding mode is never changed
    constexpr long kMax = static_cast<long>(Limits::max());
    return static_cast<Integer>(rounded > kMax ? kMax : rounded);
  }
  static Storage clamp(std::int64_t value) {
    constexpr std::int64_t kMax = std::numeric_limits<Integer>::max();
    constexpr std::int64_t kMin = std::is_signed_v<Integer> ? -kMax - 1 : 0;
    return static_cast<Integer>(value < kMin ? kMin : value > kMax ? kMax : value);
  }
};

/// Calls `visit(Codec{})` with the codec of `dtype`.
template <class Visitor>
auto with_codec(Dtype dtype, Visitor&& visit) {
  switch (dtype) {
    case Dtype::Fp32:
      return visit(Fp32Codec{});
    case Dtype::Tf32:
      return visit(Tf32Codec{});
    case Dtype::Bf16:
      return visit(Bf16Codec{});
    case Dtype::Fp16:
      return visit(Fp16Codec{});
    case Dtype::Fp8E4:
      return visit(Fp8E4Codec{});
    case Dtype::Fp8E5:
      return visit(Fp8E5Codec{});
    case Dtype::Int8:
      return visit(IntegerCodec<std::int8_t>{});
    case Dtype::Uint8:
      return visit(IntegerCodec<std::uint8_t>{});
    case Dtype::Int16:
      return visit(IntegerCodec<std::int16_t>{});
    case Dtype::Uint16:
      return visit(IntegerCodec<std::uint16_t>{});
    case Dtype::Int32:
      return visit(IntegerCodec<std::int32_t>{});
    case Dtype::Uint32:
    case Dtype::Fp8E5X4:
    case Dtype::Fp8E4FnX4:
      return visit(IntegerCodec<std::uint32_t>{});
    case Dtype::Fp8E4Fn:
      return visit(Fp8E4FnCodec{});
    case Dtype::Fp4X4:
      return visit(IntegerCodec<std::uint16_t>{});
  }
  throw InternalError("with_codec: dtype " + std::to_string(static_cast<int>(dtype)));
}

template <class Storage>
Storage read_storage(const std::byte* from) {
  Storage storage;
  std::memcpy(&storage, from, sizeof storage);
  return storage;
}

template <class Storage>
void write_storage(std::byte* to, Storage storage) {
  std::memcpy(to, &storage, sizeof storage);
}

}  // namespace nsim::num
