// SPDX-License-Identifier: Apache-2.0
// The faults of one instance: hardware modules ask at their fault points whether one strikes. While
// there is no plan, asking is one comparison.
//
//   if (Faults::active(faults_) && faults_->strikes(FaultPoint::DmaAbort, {origin, phase})) { ... }
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim/base/random.h"
#include "sim/base/stats.h"
#include "sim/hw/fault_plan.h"
#include "sim/hw/fault_points.h"
#include "sim/hw/scatter_list.h"

namespace nsim::hw {

/// An occasion for a fault: whose work it is, in which phase, and which memory it touches.
struct FaultSite {
  Origin origin;
  FaultPhase phase = FaultPhase::Fetch;
  const Segment* segments = nullptr;
  std::size_t segment_count = 0;
};

/// Simulation thread.
class Faults {
 public:
  explicit Faults(std::uint64_t seed) : seed_(seed) {}

  static bool active(const Faults* faults) { return faults != nullptr && faults->active_; }

  void add(const FaultRule& rule);
  /// Counts the occasion with every rule that speaks of it. True: the fault happens.
  bool strikes(FaultPoint point, const FaultSite& site);

  void report(StatsScope stats) const;

 private:
  struct Armed {
    FaultRule rule;
    RandomStream* draws = nullptr;  // with a probability
    std::uint64_t hits = 0;
    std::uint64_t strikes = 0;
  };

  bool due(Armed& armed);

  const std::uint64_t seed_;
  bool active_ = false;
  std::vector<Armed> armed_;
  std::map<std::string, RandomStream> streams_;  // by name; shared by the rules that name it
  std::array<std::uint64_t, kFaultPointCount> strikes_{};
};

}  // namespace nsim::hw
