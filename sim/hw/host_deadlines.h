// SPDX-License-Identifier: Apache-2.0
// Deadlines of units that wait for the host: for a rank of a collective that has not been
// scheduled. They are not events, because simulated time would jump to one as soon as nothing else
// is left to do, however soon the host is about to act. Who owns the simulation gives the host
// time, then calls expire(), which makes them events. The driver hears who waits: it must not take
// such a unit for silent.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <tuple>
#include <utility>

#include "sim/base/units.h"
#include "sim/hw/request.h"

namespace nsim::hw {

class HostDeadlines {
 public:
  using Listener = std::function<void(UnitAddress, bool)>;

  /// `listener` is called when a unit begins to wait, and when it no longer does.
  void on_change(Listener listener) { listener_ = std::move(listener); }

  /// `arm` makes an event of the deadline; called at most once.
  void add(UnitAddress unit, SimTime at, std::function<void()> arm) {
    waiting_[key(unit)] = {unit, at, std::move(arm)};
    tell(unit, true);
  }
  void remove(UnitAddress unit) {
    if (waiting_.erase(key(unit)) != 0) {
      tell(unit, false);
    }
  }

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
      tell(deadline.unit, false);
    }
  }

 private:
  using Key = std::tuple<int, UnitType, int>;
  struct Deadline {
    UnitAddress unit;
    SimTime at = 0;
    std::function<void()> arm;
  };

  static Key key(UnitAddress unit) { return {unit.core, unit.type, unit.queue}; }
  void tell(UnitAddress unit, bool waits) const {
    if (listener_) {
      listener_(unit, waits);
    }
  }

  std::map<Key, Deadline> waiting_;
  Listener listener_;
};

}  // namespace nsim::hw
