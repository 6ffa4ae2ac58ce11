// SPDX-License-Identifier: Apache-2.0
// Initial contents of tensors, so that a program of a large model need not carry its weights.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/numerics/dtype.h"

namespace nsim::num {

struct Init {
  enum class Kind : std::uint8_t { None, Zero, Constant, Uniform, Normal, Index, Bytes };
  Kind kind = Kind::None;
  double low =
      0;  // Constant: the value; Uniform: lower bound; Normal: mean; Index: modulus (0: none)
  double high = 0;               // Uniform: upper bound (exclusive); Normal: standard deviation
  std::uint64_t seed = 0;        // Uniform, Normal
  std::vector<std::byte> bytes;  // Bytes: exactly the tensor's storage
};

/// Fills `count` elements; the same values on every machine. Stream name = tensor name. Normal is
/// the sum of twelve uniforms, which no libm can change; its tails end at six standard deviations.
void fill(const Init& init, const std::string& name, Dtype dtype, std::byte* to, std::size_t count);

}  // namespace nsim::num
