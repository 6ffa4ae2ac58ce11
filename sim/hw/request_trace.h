// SPDX-License-Identifier: Apache-2.0
// How requests appear in the system's trace: as slices of their cores, or of their unit.
#pragma once

#include <vector>

#include "sim/base/trace.h"
#include "sim/hw/request.h"

namespace nsim::hw {

class RequestTrace {
 public:
  /// `process`: the hardware's group in `trace`, which is enabled.
  RequestTrace(Trace& trace, TrackId process) : trace_(trace), process_(process) {}

  /// A request that is over. `cores`: the physical ones of the unit's logical core.
  void show(const UnitAddress& unit, const std::vector<int>& cores,
            const RequestDescriptor& descriptor, SimTime start, SimTime end) const;

 private:
  Trace& trace_;
  const TrackId process_;
};

}  // namespace nsim::hw
