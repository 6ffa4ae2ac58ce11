// SPDX-License-Identifier: Apache-2.0
// Parameters: each is declared once, in the constructor of the Params struct of the module that
// uses it.
//
//   struct HbmParams {
//     explicit HbmParams(ParamScope scope)
//         : stacks(scope.count("stacks", 2, 1, 16, "HBM stacks of a device")),
//           bandwidth(scope.rate("bandwidth", "410GB/s", "1MB/s", "100TB/s", "Peak rate of one
//           stack")) {}
//     std::int64_t stacks;
//     std::int64_t bandwidth;
//   };
//
// Name, default, range and description are mandatory; the unit is the method. A bare number where a
// unit is expected, a wrong unit and a value out of range are UserErrors with file, line and key.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>

#include "sim/base/config.h"
#include "sim/base/units.h"

namespace nsim {

class ParamScope {
 public:
  /// `path` is the table's full path, "" for the root.
  ParamScope(Config& config, std::string path) : config_(&config), path_(std::move(path)) {}

  /// The scope of a sub-table.
  ParamScope table(const std::string& name) const;

  using Text = const char*;
  /// The same scope with a source for the defaults of what is declared with it: values that device
  /// files do not give. "documented: ...", "derived: ..." or "assumed: ...".
  ParamScope from(Text source) const;

  std::int64_t bytes(Text name, Text fallback, Text min, Text max, Text description) const;
  std::int64_t rate(Text name, Text fallback, Text min, Text max, Text description) const;
  std::int64_t frequency(Text name, Text fallback, Text min, Text max, Text description) const;
  SimTime duration(Text name, Text fallback, Text min, Text max, Text description) const;
  std::int64_t cycles(Text name, std::int64_t fallback, std::int64_t min, std::int64_t max,
                      Text description) const;
  std::int64_t count(Text name, std::int64_t fallback, std::int64_t min, std::int64_t max,
                     Text description) const;
  double ratio(Text name, double fallback, double min, double max, Text description) const;
  bool flag(Text name, bool fallback, Text description) const;
  std::string choice(Text name, Text fallback, std::initializer_list<Text> choices,
                     Text description) const;
  std::string text(Text name, Text fallback, Text description) const;

 private:
  std::int64_t quantity(Quantity kind, Text name, Text fallback, Text min, Text max,
                        Text description) const;

  ParamInfo describe(Text name, const char* kind, std::string fallback, std::string range,
                     Text description) const;

  Config* config_;
  std::string path_;
  std::string source_;  // of defaults
};

}  // namespace nsim
