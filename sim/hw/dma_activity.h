// SPDX-License-Identifier: Apache-2.0
// When the DMA engines of one core have data under way: from the first read of a packet until its
// last write has arrived, as the public profiler counts DMA active time. Engines overlap, so the
// union of their packets is kept. Packets come in the order of their starts.
#pragma once

#include <algorithm>

#include "sim/base/stats.h"
#include "sim/base/units.h"

namespace nsim::hw {

class DmaActivity {
 public:
  void moved(SimTime from, SimTime until) {
    first_ = std::min(first_, from);
    active_ += std::max<SimTime>(0, until - std::max(from, last_));
    last_ = std::max(last_, until);
  }
  void report(StatsScope stats) const {
    stats.add("active", static_cast<double>(active_) / kNanosecond, "ns",
              "Time with a packet of any engine under way, from its first read to its last write");
    stats.add("span", first_ == kNever ? 0 : static_cast<double>(last_ - first_) / kNanosecond,
              "ns", "From the first read of the first packet to the last write of the last one");
  }

 private:
  SimTime first_ = kNever;
  SimTime last_ = 0;
  SimTime active_ = 0;
};

}  // namespace nsim::hw
