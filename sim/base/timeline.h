// SPDX-License-Identifier: Apache-2.0
// Timeline: a shared resource that serves one reservation at a time (port, link, bank, pipe).
#pragma once

#include <algorithm>

#include "sim/base/units.h"

namespace nsim {

class Timeline {
 public:
  /// Reserves `duration` at the earliest moment not before `earliest` and after every reservation made
  /// so far; returns the start. Callers reserve in simulated-time order of their decisions.
  SimTime reserve(SimTime earliest, SimTime duration) {
    const SimTime start = std::max(earliest, free_at_);
    free_at_ = start + duration;
    busy_ += duration;
    waited_ += start - earliest;
    return start;
  }
  SimTime free_at() const { return free_at_; }
  /// Sum of reserved time, and of the time reservations had to wait.
  SimTime busy() const { return busy_; }
  SimTime waited() const { return waited_; }

 private:
  SimTime free_at_ = 0;
  SimTime busy_ = 0;
  SimTime waited_ = 0;
};

}  // namespace nsim
