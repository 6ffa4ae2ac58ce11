// SPDX-License-Identifier: Apache-2.0
// Deadlines of units that wait for the host: for a rank of a collective that has not been
// scheduled. They are not events, because simulated time would jump to one as soon as nothing else
// is left to do, however soon the host is about to act. Who owns the simulation gives the host
// time, then calls expire(), which makes them events.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "sim/base/units.h"

namespace nsim::hw {

class HostDeadlines {
 public:
  /// `unit` is a number of the caller's. `arm` makes an event of the deadline; called at most once.
  void add(int unit, SimTime at, std::function<void()> arm) {
    waiting_[unit] = {at, std::move(arm)};
  }
  void remove(int unit) { waiting_.erase(unit); }

  /// kNever: nobody waits.
  SimTime earliest() const {
    SimTime first = kNever;
    for (const auto& [unit, deadline] : waiting_) {
      first = std::min(first, deadline.at);
    }
    return first;
  }
  void expire() {
    const auto expired = std::exchange(waiting_, {});
    for (const auto& [unit, deadline] : expired) {
      deadline.arm();
    }
  }

 private:
  struct Deadline {
    SimTime at = 0;
    std::function<void()> arm;
  };
  std::map<int, Deadline> waiting_;
};

}  // namespace nsim::hw
