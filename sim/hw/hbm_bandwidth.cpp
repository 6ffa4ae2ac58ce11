// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/hbm_bandwidth.h"

namespace nsim::hw {

HbmTiming::Service HbmBandwidth::access(const HbmAccess& access) {
  const SimTime duration = transfer_time(access.bytes, bandwidth_);
  const SimTime start = pipe_.reserve(turns_, access.at, access.write, access.bytes, duration);
  waited_ += start - access.at;
  return {start + duration, latency_};
}

void HbmBandwidth::report(StatsScope stats) const {
  stats.add("busy", static_cast<double>(pipe_.busy()) / kNanosecond, "ns",
            "Time the stack moved data");
  stats.add("waited", static_cast<double>(waited_) / kNanosecond, "ns",
            "Time transactions waited for the stack");
  stats.add("turnarounds", static_cast<double>(pipe_.turnarounds()), "1",
            "Changes between reads and writes");
}

}  // namespace nsim::hw
