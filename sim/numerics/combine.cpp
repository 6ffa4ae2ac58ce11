// SPDX-License-Identifier: Apache-2.0
#include "sim/numerics/combine.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <type_traits>

#include "sim/base/error.h"
#include "sim/numerics/codec.h"

namespace nsim::num {
namespace {

using Fp8E3Codec = SmallFloatCodec<std::uint8_t, 3, 4>;

/// Elements combined at a time: what is wide stays in the cache.
constexpr std::size_t kBlock = 512;

template <class Number>
struct Integer {
  using Storage = Number;
  using Wide = std::make_unsigned_t<Number>;
  static Wide load(const std::byte* from) { return static_cast<Wide>(read_storage<Number>(from)); }
  static void store(std::byte* to, Wide value) { write_storage(to, static_cast<Number>(value)); }
  static Wide combine(CombineOp op, Wide a, Wide b) {
    const auto x = static_cast<Number>(a);
    const auto y = static_cast<Number>(b);
    return op == CombineOp::Add
               ? static_cast<Wide>(a + b)
               : static_cast<Wide>(op == CombineOp::Max ? std::max(x, y) : std::min(x, y));
  }
};

template <class Codec>
struct Floating {
  using Storage = typename Codec::Storage;
  using Wide = float;
  static float load(const std::byte* from) { return Codec::decode(read_storage<Storage>(from)); }
  static void store(std::byte* to, float value) { write_storage(to, Codec::encode(value)); }
  static float combine(CombineOp op, float a, float b) {
    if (op == CombineOp::Add) {
      return a + b;
    }
    if (std::isnan(a) || std::isnan(b)) {
      return std::isnan(a) ? a : b;
    }
    return op == CombineOp::Max ? std::max(a, b) : std::min(a, b);
  }
};

template <class Type>
void combine_as(CombineOp op, const std::byte* from, std::size_t sources, std::size_t stride,
                std::byte* to, std::size_t count) {
  constexpr std::size_t kSize = sizeof(typename Type::Storage);
  std::array<typename Type::Wide, kBlock> block;
  for (std::size_t done = 0; done < count; done += kBlock) {
    const std::size_t elements = std::min(kBlock, count - done);
    const std::byte* source = from + done * kSize;
    for (std::size_t i = 0; i < elements; ++i) {
      block[i] = Type::load(source + i * kSize);
    }
    for (std::size_t s = 1; s < sources; ++s) {
      source += stride;
      for (std::size_t i = 0; i < elements; ++i) {
        block[i] = Type::combine(op, block[i], Type::load(source + i * kSize));
      }
    }
    for (std::size_t i = 0; i < elements; ++i) {
      Type::store(to + (done + i) * kSize, block[i]);
    }
  }
}

/// Calls `visit(Type{})` with what does the work for `type`.
template <class Visitor>
auto with_type(ElementType type, Visitor&& visit) {
  switch (type) {
    case ElementType::Uint8:
      return visit(Integer<std::uint8_t>{});
    case ElementType::Int8:
      return visit(Integer<std::int8_t>{});
    case ElementType::Uint16:
      return visit(Integer<std::uint16_t>{});
    case ElementType::Int16:
      return visit(Integer<std::int16_t>{});
    case ElementType::Uint32:
      return visit(Integer<std::uint32_t>{});
    case ElementType::Int32:
      return visit(Integer<std::int32_t>{});
    case ElementType::Uint64:
      return visit(Integer<std::uint64_t>{});
    case ElementType::Int64:
      return visit(Integer<std::int64_t>{});
    case ElementType::Fp32:
      return visit(Floating<Fp32Codec>{});
    case ElementType::Bf16:
      return visit(Floating<Bf16Codec>{});
    case ElementType::Fp16:
      return visit(Floating<Fp16Codec>{});
    case ElementType::Fp8E3:
      return visit(Floating<Fp8E3Codec>{});
    case ElementType::Fp8E4:
      return visit(Floating<Fp8E4Codec>{});
    case ElementType::Fp8E5:
      return visit(Floating<Fp8E5Codec>{});
  }
  throw InternalError("combine: element type " + std::to_string(static_cast<int>(type)));
}

}  // namespace

std::size_t size_of(ElementType type) {
  return with_type(type, [](auto kind) { return sizeof(typename decltype(kind)::Storage); });
}

void combine(ElementType type, CombineOp op, const std::byte* from, std::size_t sources,
             std::size_t stride, std::byte* to, std::size_t count) {
  with_type(type,
            [&](auto kind) { combine_as<decltype(kind)>(op, from, sources, stride, to, count); });
}

}  // namespace nsim::num
