// SPDX-License-Identifier: Apache-2.0
// Physical quantities: integer picoseconds, bytes, rates, clock frequencies, and their text forms.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nsim {

/// Simulated time or duration in integer picoseconds. Host threads see only this, never sc_time.
using SimTime = std::int64_t;
inline constexpr SimTime kPicosecond = 1;
inline constexpr SimTime kNanosecond = 1000;
inline constexpr SimTime kMicrosecond = 1000 * kNanosecond;
inline constexpr SimTime kMillisecond = 1000 * kMicrosecond;
inline constexpr SimTime kSecond = 1000 * kMillisecond;
inline constexpr SimTime kNever = INT64_MAX;

/// For products of two 64-bit quantities; the one place that names the compiler extension.
__extension__ typedef __int128 Int128;
__extension__ typedef unsigned __int128 UInt128;

/// A clock domain of the hardware. Durations are carried as cycles and rounded once (half up), so that a thousand
/// instructions of a 2.8 GHz clock do not drift.
class ClockDomain {
 public:
  explicit ClockDomain(std::int64_t hertz) : hertz_(hertz) {}
  std::int64_t hertz() const { return hertz_; }
  SimTime duration(std::int64_t cycles) const {
    return static_cast<SimTime>((static_cast<Int128>(cycles) * kSecond + hertz_ / 2) / hertz_);
  }

 private:
  std::int64_t hertz_;
};

/// Time to move `bytes` at `bytes_per_second`, rounded up to a picosecond.
SimTime transfer_time(std::int64_t bytes, std::int64_t bytes_per_second);

/// What a configuration value measures; decides which unit suffixes are legal.
enum class Quantity : std::uint8_t {
  Bytes,      // B, KiB, MiB, GiB, TiB, kB, MB, GB, TB
  Rate,       // B/s, kB/s, MB/s, GB/s, TB/s, KiB/s, MiB/s, GiB/s
  Frequency,  // Hz, kHz, MHz, GHz
  Duration,   // ps, ns, us, ms, s
  Cycles,     // cycles, or a bare integer
  Count,      // a bare integer
  Ratio,      // a bare number, or percent: "50%"
};
const char* name(Quantity quantity);
/// The legal suffixes for messages: "B/s, kB/s, MB/s, ...".
std::string suffixes(Quantity quantity);

/// Parses "2.9TB/s", "64KiB", "600ns". Result in base units: B, B/s, Hz, ps, cycles, 1.
/// Ratio is scaled by 1e9 (parts per billion) so that every quantity is an exact integer.
/// Nothing when the text is not a number with a legal suffix, negative, or out of int64.
std::optional<std::int64_t> parse_quantity(Quantity quantity, std::string_view text);

/// The shortest text that parse_quantity() turns back into exactly `value`.
std::string format_quantity(Quantity quantity, std::int64_t value);

}  // namespace nsim
