// SPDX-License-Identifier: Apache-2.0
#include "sim/base/stats.h"

#include <algorithm>
#include <utility>

#include "sim/base/error.h"

namespace nsim {
namespace {

auto find(const std::vector<Stat>& stats, const std::string& name) {
  return std::find_if(stats.begin(), stats.end(),
                      [&name](const Stat& stat) { return stat.name == name; });
}

}  // namespace

void Stats::add(std::string name, double value, std::string unit, std::string description) {
  stats_.push_back({std::move(name), value, std::move(unit), std::move(description)});
}

double Stats::value(const std::string& name) const {
  const auto found = find(stats_, name);
  if (found == stats_.end()) {
    throw InternalError("no statistic named \"" + name + "\"");
  }
  return found->value;
}

bool Stats::has(const std::string& name) const {
  return find(stats_, name) != stats_.end();
}

StatsScope StatsScope::scope(const std::string& name) const {
  return StatsScope(*stats_, prefix_.empty() ? name : prefix_ + "." + name);
}

void StatsScope::add(const std::string& name, double value, const std::string& unit,
                     const std::string& description) const {
  stats_->add(prefix_.empty() ? name : prefix_ + "." + name, value, unit, description);
}

}  // namespace nsim
