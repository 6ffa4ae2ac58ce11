// SPDX-License-Identifier: Apache-2.0
// What waited for what: the tables SemaphoreUpdate and Flow of the public profiler's schema. Rows
// of Flow name rows of other tables by their `id`.
//
// Data flow: instants of the tracks semaphores(nc<c>) and the waits of the engines (RunTimeline) ->
// by core and semaphore -> an update comes from the instruction whose result is there at that
// moment, and goes to every instruction that had waited for the value it reached.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "tools/report/run_timeline.h"
#include "tools/report/table_writer.h"

namespace nsim::tool {

/// `requests` as in summary.json.
void write_dependencies(const RunTimeline& timeline, const nlohmann::ordered_json& requests,
                        TableWriter& writer);

}  // namespace nsim::tool
