// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/request_trace.h"

#include <fmt/format.h>

namespace nsim::hw {

void RequestTrace::show(const UnitAddress& unit, const std::vector<int>& cores,
                        const RequestDescriptor& descriptor, SimTime start, SimTime end) const {
  if (descriptor.opcode == RequestOpcode::Execute) {
    for (const int core : cores) {
      const TrackId track = trace_.track(fmt::format("NC{}:{}", unit.core, core), process_);
      trace_.slice(track, trace_.name("nc_exec_running"), start, end, descriptor.flow);
    }
    return;
  }
  const TrackId track =
      trace_.track(fmt::format("NC{} {} {}", unit.core, name(unit.type), unit.queue), process_, 1);
  if (descriptor.opcode == RequestOpcode::Collective) {
    trace_.slice(track, trace_.name("cc_running"), start, end, descriptor.flow);
    return;
  }
  trace_.slice(track, trace_.name(descriptor.opcode == RequestOpcode::Fill ? "fill" : "copy"),
               start, end, descriptor.flow,
               {{"bytes", static_cast<std::int64_t>(descriptor.size)}});
}

}  // namespace nsim::hw
