// SPDX-License-Identifier: Apache-2.0
// Tables of a run. Those in CamelCase are of the public profiler's schema and have its column
// names, as far as a simulation knows the values: Metadata, Summary, Instruction,
// DmaPacketAggregated, CcOp, Throttle, OpcodeSummary. Times are nanoseconds of simulated time,
// exact to the picosecond.
//
// What that schema has no name for that we know stands in tables of our own, in lower case:
// requests, operators, idle.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "tools/report/run_timeline.h"
#include "tools/report/table_writer.h"

namespace nsim::tool {

/// `report` as run_report() makes it.
void write_tables(const nlohmann::ordered_json& report, const RunTimeline& timeline,
                  TableWriter& writer);

}  // namespace nsim::tool
