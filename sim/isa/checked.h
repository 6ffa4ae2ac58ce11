// SPDX-License-Identifier: Apache-2.0
// Arithmetic on the numbers of a program. They come from users and files: an overflow is the user's
// mistake, never undefined behaviour.
#pragma once

#include <cstdint>

#include "sim/base/error.h"

namespace nsim::isa {

/// No number of a program is larger in magnitude: every one can be negated and printed.
inline constexpr std::int64_t kMaxInteger = std::int64_t{1} << 62;

[[noreturn]] void throw_overflow();

inline std::int64_t checked_range(bool overflow, std::int64_t value) {
  if (overflow || value > kMaxInteger || value < -kMaxInteger) {
    throw_overflow();
  }
  return value;
}

/// These throw UserError when the result is beyond kMaxInteger.
inline std::int64_t checked_add(std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  const bool overflow = __builtin_add_overflow(a, b, &result);
  return checked_range(overflow, result);
}
inline std::int64_t checked_multiply(std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  const bool overflow = __builtin_mul_overflow(a, b, &result);
  return checked_range(overflow, result);
}

/// Rounding towards minus infinity, so that v / d * d + v % d == v and 0 <= v % d for every v. d >
/// 0.
inline std::int64_t floor_divide(std::int64_t v, std::int64_t d) {
  return v / d - (v % d < 0 ? 1 : 0);
}
inline std::int64_t floor_modulo(std::int64_t v, std::int64_t d) {
  const std::int64_t rest = v % d;
  return rest < 0 ? rest + d : rest;
}

}  // namespace nsim::isa
