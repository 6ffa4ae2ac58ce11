// SPDX-License-Identifier: Apache-2.0
// Words of messages and reports.
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <string>

namespace nsim {

/// "1 core", "2 cores".
inline std::string counted(std::int64_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

/// "1.234 ms", "44.223 us", "78.0 ns".
inline std::string time_text(double ns) {
  if (std::abs(ns) >= 1e6) {
    return fmt::format("{:.3f} ms", ns * 1e-6);
  }
  return std::abs(ns) >= 1e3 ? fmt::format("{:.3f} us", ns * 1e-3) : fmt::format("{:.1f} ns", ns);
}

/// Two lower-case hexadecimal digits of every byte; `bytes` is anything of bytes that has a begin
/// and an end.
template <class Bytes>
std::string hex(const Bytes& bytes) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string text;
  for (const auto byte : bytes) {
    text += kDigits[static_cast<std::uint8_t>(byte) >> 4U];
    text += kDigits[static_cast<std::uint8_t>(byte) & 15U];
  }
  return text;
}

}  // namespace nsim
