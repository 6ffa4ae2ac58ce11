// SPDX-License-Identifier: Apache-2.0
#include "tools/sweep/axis.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace nsim::tool {
namespace {

/// To four digits; whole numbers stay whole.
std::int64_t rounded(double value) {
  const double magnitude = std::fabs(value);
  if (magnitude < 1e4) {
    return std::llround(value);
  }
  const double unit = std::pow(10.0, std::floor(std::log10(magnitude)) - 3);
  return std::llround(std::round(value / unit) * unit);
}

bool is_whole(Quantity quantity) {
  return quantity == Quantity::Count || quantity == Quantity::Cycles;
}

}  // namespace

AxisValue AxisValue::of(const std::string& text, const SourcePos& where) {
  const std::optional<double> number = number_with_unit(text);
  return {text, number ? Value::of(*number) : Value::of(text), where};
}

std::string AxisRange::at(double fraction) const {
  const auto low = static_cast<double>(from);
  const auto high = static_cast<double>(to);
  const double value =
      logarithmic ? low * std::pow(high / low, fraction) : low + (high - low) * fraction;
  const std::int64_t nearest =
      fraction == 0
          ? from
          : (fraction == 1 ? to : (is_whole(quantity) ? std::llround(value) : rounded(value)));
  return format_quantity(quantity, std::clamp(nearest, std::min(from, to), std::max(from, to)));
}

std::vector<std::string> AxisRange::values() const {
  std::vector<std::string> result;
  if (step > 0) {
    for (std::int64_t value = from; value <= to; value += step) {
      result.push_back(format_quantity(quantity, value));
    }
    return result;
  }
  for (std::int64_t i = 0; i < points; ++i) {
    const double fraction =
        points == 1 ? 0 : static_cast<double>(i) / static_cast<double>(points - 1);
    std::string text = at(fraction);
    if (result.empty() || result.back() != text) {  // a short range of whole numbers repeats itself
      result.push_back(std::move(text));
    }
  }
  return result;
}

AxisValue Axis::at(double fraction) const {
  if (!values.empty()) {
    const auto index = static_cast<std::size_t>(fraction * static_cast<double>(values.size()));
    return values[std::min(index, values.size() - 1)];
  }
  if (is_whole(range->quantity) && !range->logarithmic) {  // every whole number alike
    const auto count = static_cast<double>(range->to - range->from + 1);
    const auto offset = static_cast<std::int64_t>(fraction * count);
    return AxisValue::of(std::to_string(std::min(range->from + offset, range->to)), where);
  }
  return AxisValue::of(range->at(fraction), where);
}

AxisValue Axis::first() const {
  return base ? *base : at(0);
}

bool is_run_setting(const std::string& name) {
  return std::find(kRunSettings.begin(), kRunSettings.end(), name) != kRunSettings.end();
}

}  // namespace nsim::tool
