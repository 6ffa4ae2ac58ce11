// SPDX-License-Identifier: Apache-2.0
#include "sim/base/units.h"

#include <array>

namespace nsim {
namespace {

struct Unit {
  const char* suffix;
  std::int64_t factor;  // in base units
};

constexpr std::int64_t kKibi = 1024;

struct QuantityRow {
  const char* name;
  bool whole;  // a value that is not whole in base units is a mistake, not a rounding
  std::array<Unit, 9> units;  // ends at the first without suffix
};

// By the value of Quantity. The first unit is the one preferred between texts of the same length.
constexpr QuantityRow kQuantities[] = {
    {"bytes",
     true,
     {{{"B", 1},
       {"KiB", kKibi},
       {"MiB", kKibi* kKibi},
       {"GiB", kKibi* kKibi* kKibi},
       {"TiB", kKibi* kKibi* kKibi* kKibi},
       {"kB", 1'000},
       {"MB", 1'000'000},
       {"GB", 1'000'000'000},
       {"TB", 1'000'000'000'000}}}},
    {"rate",
     false,
     {{{"B/s", 1},
       {"kB/s", 1'000},
       {"MB/s", 1'000'000},
       {"GB/s", 1'000'000'000},
       {"TB/s", 1'000'000'000'000},
       {"KiB/s", kKibi},
       {"MiB/s", kKibi* kKibi},
       {"GiB/s", kKibi* kKibi* kKibi}}}},
    {"frequency", false, {{{"Hz", 1}, {"kHz", 1'000}, {"MHz", 1'000'000}, {"GHz", 1'000'000'000}}}},
    {"duration",
     false,
     {{{"ps", kPicosecond},
       {"ns", kNanosecond},
       {"us", kMicrosecond},
       {"ms", kMillisecond},
       {"s", kSecond}}}},
    {"cycles", true, {{{"", 1}, {"cycles", 1}}}},
    {"count", true, {{{"", 1}}}},
    {"ratio", false, {{{"", 1'000'000'000}, {"%", 10'000'000}}}},
};

const QuantityRow& row(Quantity quantity) {
  return kQuantities[static_cast<std::size_t>(quantity)];
}

// A decimal number: mantissa / 10^scale.
struct Decimal {
  Int128 mantissa = 0;
  int scale = 0;
};

// 10^25 times the largest factor (a TiB, below 1.1e12) stays below 2^127.
constexpr int kMaxDigits = 25;
constexpr int kMaxExponent = 60;
constexpr int kMaxScale = 37;  // 10^37 is the largest power that leaves room for rounding

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Removes digits with at most one point inside from the front of `text`.
std::optional<Decimal> take_digits(std::string_view& text) {
  Decimal number;
  int significant = 0;
  bool point = false;
  std::size_t at = 0;
  for (; at < text.size() && (is_digit(text[at]) || (text[at] == '.' && !point && at > 0)); ++at) {
    if (text[at] == '.') {
      point = true;
      continue;
    }
    significant += (significant > 0 || text[at] != '0') ? 1 : 0;
    number.scale += point ? 1 : 0;
    if (significant > kMaxDigits || number.scale > kMaxExponent) {
      return std::nullopt;
    }
    number.mantissa = number.mantissa * 10 + (text[at] - '0');
  }
  if (at == 0 || text[at - 1] == '.') {
    return std::nullopt;
  }
  text.remove_prefix(at);
  return number;
}

// Removes "e-9" from the front of `text`; 0 when there is none.
std::optional<int> take_exponent(std::string_view& text) {
  if (text.empty() || (text[0] != 'e' && text[0] != 'E')) {
    return 0;
  }
  std::size_t at = 1;
  const bool negative = at < text.size() && text[at] == '-';
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) {
    ++at;
  }
  const std::size_t first = at;
  int exponent = 0;
  for (; at < text.size() && is_digit(text[at]); ++at) {
    exponent = exponent * 10 + (text[at] - '0');
    if (exponent > kMaxExponent) {
      return std::nullopt;
    }
  }
  if (at == first) {
    return std::nullopt;
  }
  text.remove_prefix(at);
  return negative ? -exponent : exponent;
}

std::optional<std::int64_t> factor_of(const QuantityRow& quantity, std::string_view suffix) {
  for (const Unit& unit : quantity.units) {
    if (unit.suffix != nullptr && suffix == unit.suffix) {
      return unit.factor;
    }
  }
  return std::nullopt;
}

// number * factor, rounded half up; nothing when it leaves int64, or is not whole but has to be.
std::optional<std::int64_t> scaled(Decimal number, std::int64_t factor, bool whole) {
  while (number.scale > 0 && number.mantissa % 10 == 0 && number.mantissa != 0) {
    number.mantissa /= 10;
    --number.scale;
  }
  for (; number.scale < 0 && number.mantissa != 0; ++number.scale) {
    number.mantissa *= 10;
    if (number.mantissa > INT64_MAX) {
      return std::nullopt;
    }
  }
  const Int128 product = number.mantissa * factor;
  if (number.mantissa != 0 && number.scale > kMaxScale) {
    return whole ? std::nullopt : std::optional<std::int64_t>(0);
  }
  Int128 divisor = 1;
  for (; number.mantissa != 0 && number.scale > 0; --number.scale) {
    divisor *= 10;
  }
  const Int128 result = (product + divisor / 2) / divisor;
  if (result > INT64_MAX || (whole && product % divisor != 0)) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(result);
}

// The exact decimal of value / factor, or "" when it has none (a binary fraction that is too long).
std::string quotient(std::int64_t value, std::int64_t factor) {
  std::string text = std::to_string(value / factor);
  Int128 rest = value % factor;
  if (rest != 0) {
    text += '.';
  }
  for (int digits = 0; rest != 0; ++digits) {
    if (digits == 20) {
      return "";
    }
    rest *= 10;
    text += static_cast<char>('0' + static_cast<int>(rest / factor));
    rest %= factor;
  }
  return text;
}

}  // namespace

SimTime transfer_time(std::int64_t bytes, std::int64_t bytes_per_second) {
  const Int128 product = static_cast<Int128>(bytes) * kSecond;
  return static_cast<SimTime>((product + bytes_per_second - 1) / bytes_per_second);
}

const char* name(Quantity quantity) {
  return row(quantity).name;
}

std::string suffixes(Quantity quantity) {
  std::string text;
  for (const Unit& unit : row(quantity).units) {
    if (unit.suffix != nullptr && *unit.suffix != 0) {
      text += (text.empty() ? "" : ", ") + std::string(unit.suffix);
    }
  }
  return text;
}

std::optional<std::int64_t> parse_quantity(Quantity quantity, std::string_view text) {
  std::optional<Decimal> number = take_digits(text);
  if (!number) {
    return std::nullopt;
  }
  const std::optional<int> exponent = take_exponent(text);
  if (!exponent) {
    return std::nullopt;
  }
  number->scale -= *exponent;
  if (!text.empty() && text[0] == ' ') {
    text.remove_prefix(1);  // "64 KiB" is how people write
    if (text.empty()) {
      return std::nullopt;
    }
  }
  const std::optional<std::int64_t> factor = factor_of(row(quantity), text);
  if (!factor) {
    return std::nullopt;
  }
  return scaled(*number, *factor, row(quantity).whole);
}

std::string format_quantity(Quantity quantity, std::int64_t value) {
  std::string best;
  for (const Unit& unit : row(quantity).units) {
    if (unit.suffix == nullptr) {
      break;
    }
    const std::string number = quotient(value, unit.factor);
    if (number.empty()) {
      continue;
    }
    const std::string text = number + unit.suffix;
    if (best.empty() || text.size() < best.size()) {
      best = text;
    }
  }
  return best;
}

}  // namespace nsim
