// SPDX-License-Identifier: Apache-2.0
// What people see of an execution unit: its statistics and its waves.
#include "sim/hw/execution_unit.h"
#include "sim/hw/time.h"

namespace nsim::hw {

void ExecutionUnit::watch(Waves& waves, const std::string& scope) {
  depth_wave_ = waves.signal(scope + ".depth", 16);
  busy_wave_ = waves.signal(scope + ".busy", 1);
}

void ExecutionUnit::show() {
  depth_wave_.set(now(), ring_.waiting() + (busy_ ? 1 : 0));
  busy_wave_.set(now(), busy_ ? 1 : 0);
}

void ExecutionUnit::report(StatsScope stats) const {
  stats.add("requests", static_cast<double>(requests_), "1", "Requests started");
  stats.add("failed", static_cast<double>(failed_), "1", "Requests that ended with an error");
  stats.add("busy", static_cast<double>(busy_time_) / kNanosecond, "ns",
            "Time between start and end of requests");
  stats.add("copied_bytes", static_cast<double>(copied_bytes_), "B", "Bytes copied or filled");
  if (parts_.stream != nullptr) {
    parts_.stream->report(stats);
  }
}

}  // namespace nsim::hw
