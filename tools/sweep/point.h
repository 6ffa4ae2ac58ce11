// SPDX-License-Identifier: Apache-2.0
// One point of a sweep: a value on every axis, and the run that it stands for.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tools/device.h"
#include "tools/sweep/results.h"
#include "tools/sweep/sweep_file.h"

namespace nsim::tool {

struct Point {
  std::vector<AxisValue> values;  // by axis

  /// Equal for equal points only.
  std::string key() const;
};

/// What `nsim run` is told.
struct RunSetup {
  std::string program;  // existing path, absolute
  std::string config;   // absolute path, or the name of a shipped configuration
  std::map<std::string, std::string> options;  // requests, depth, transfer, cores, numerics
  std::vector<std::string> set;
  bool trace = false;

  /// "run PROGRAM --config ... --record --out FOLDER"
  std::vector<std::string> arguments(const std::string& folder) const;
};

RunSetup setup_of(const SweepFile& file, const Point& point);

/// A path as seen from the file of the sweep; programs may also be shipped ones.
std::string resolve_program(const SweepFile& file, const std::string& name);
std::string resolve_config(const SweepFile& file, const std::string& name);

/// What names mean at one point: its results when it has run; axes, what they set, settings of the
/// file, and every parameter of the device, which is opened when one is asked for.
class PointValues {
 public:
  PointValues(const SweepFile& file, const Point& point, const Results* results = nullptr)
      : file_(file), point_(point), results_(results) {}
  /// Throws UserError when a parameter is asked for and the device cannot be opened.
  std::optional<Value> find(const std::string& name);
  /// The same for expressions, as long as this object lives.
  Expression::Lookup lookup() {
    return [this](const std::string& name) { return find(name); };
  }

 private:
  const SweepFile& file_;
  const Point& point_;
  const Results* results_;
  std::optional<std::map<std::string, Value>> parameters_;
};

}  // namespace nsim::tool
