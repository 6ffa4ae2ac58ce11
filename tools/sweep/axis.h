// SPDX-License-Identifier: Apache-2.0
// One dimension of a sweep: what it changes and the values that this takes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/error.h"
#include "sim/base/units.h"
#include "tools/sweep/expression.h"

namespace nsim::tool {

/// A value as `nsim run` takes it, and what it is in expressions.
struct AxisValue {
  std::string text;
  Value value;
  SourcePos where;

  /// A text is a number when it looks like one ("716GB/s", "64KiB").
  static AxisValue of(const std::string& text, const SourcePos& where);
};

/// Values between two ends, inclusive. `points` values at equal distances or, with `step`, as many
/// as fit; neither: any value between, for samples only.
struct AxisRange {
  Quantity quantity = Quantity::Count;
  std::int64_t from = 0;  // in base units of `quantity`
  std::int64_t to = 0;
  std::int64_t points = 0;
  std::int64_t step = 0;
  bool logarithmic = false;

  /// The value at `fraction` of the way, from 0 to 1, as a text. What is no whole number by nature
  /// is rounded to four digits.
  std::string at(double fraction) const;
  std::vector<std::string> values() const;
  bool continuous() const { return points == 0 && step == 0; }
};

struct Axis {
  std::string name;
  /// What the values are given to: parameter paths, or one of kRunSettings.
  std::vector<std::string> targets;
  std::vector<AxisValue> values;  // empty when the range is continuous
  std::optional<AxisRange> range;
  std::string zip;                // axes of the same name advance together
  std::optional<AxisValue> base;  // where one-at-a-time starts; else the first value
  SourcePos where;

  /// The value at `fraction` in [0, 1) of the axis.
  AxisValue at(double fraction) const;
  AxisValue first() const;
};

/// What of a run is no parameter of the device: options of `nsim run`.
inline const std::vector<std::string> kRunSettings{"program",  "config", "requests", "depth",
                                                   "transfer", "cores",  "numerics"};
bool is_run_setting(const std::string& name);

}  // namespace nsim::tool
