// SPDX-License-Identifier: Apache-2.0
// Statistics: named values with unit and description, gathered on demand by visiting the modules.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace nsim {

struct Stat {
  std::string name;  // hierarchical and stable: "nd0.nc0.tensor.busy"
  double value;
  std::string unit;  // "ns", "B", "B/s", "1", "%"
  std::string description;
};

class Stats {
 public:
  void add(std::string name, double value, std::string unit, std::string description);
  const std::vector<Stat>& all() const { return stats_; }
  /// The value of `name`; throws InternalError when absent (a misspelt name is our bug).
  double value(const std::string& name) const;
  bool has(const std::string& name) const;

 private:
  std::vector<Stat> stats_;
};

/// A prefix for the statistics of one module.
class StatsScope {
 public:
  explicit StatsScope(Stats& stats, std::string prefix = "")
      : stats_(&stats), prefix_(std::move(prefix)) {}
  StatsScope scope(const std::string& name) const;
  void add(const std::string& name, double value, const std::string& unit,
           const std::string& description) const;

 private:
  Stats* stats_;
  std::string prefix_;
};

}  // namespace nsim
