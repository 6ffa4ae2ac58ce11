// SPDX-License-Identifier: Apache-2.0
// What the DMA engines compute for collectives: several sources of one element type become one,
// element by element.
//
// Floating types are widened to fp32, taken in the order of the sources, and the result is rounded
// to nearest even once, at the end. fp8 e4 is the variant with maximum 240, e3 has three exponent
// and four mantissa bits, infinities and NaN. A NaN in any source makes the result NaN, with Max
// and Min too. Integers keep their own width: sums wrap around, nothing is lost.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nsim::num {

enum class ElementType : std::uint8_t {
  Uint8,
  Int8,
  Uint16,
  Int16,
  Uint32,
  Int32,
  Uint64,
  Int64,
  Fp32,
  Bf16,
  Fp16,
  Fp8E3,
  Fp8E4,
  Fp8E5
};
inline constexpr int kElementTypeCount = 14;

enum class CombineOp : std::uint8_t { Add, Max, Min };
inline constexpr int kCombineOpCount = 3;

std::size_t size_of(ElementType type);

/// `count` elements at `to` out of those of `sources` >= 1 sources, which begin `stride` bytes
/// after each other. `to` does not overlap them.
void combine(ElementType type, CombineOp op, const std::byte* from, std::size_t sources,
             std::size_t stride, std::byte* to, std::size_t count);

}  // namespace nsim::num
