// SPDX-License-Identifier: Apache-2.0
// What a finished run contributes to the results of a sweep: names and values out of summary.json.
// The fields of its `summary` keep their names; `time` is short for time_per_request_ns; others are
// paths: engines.tensor.busy_percent, units.nc0.compute.q0.gap_ns,
// engines.vector.ops.tensor_copy.busy_ns, queues.qSyncIO0.latency_ns.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "tools/sweep/expression.h"

namespace nsim::tool {

using Results = std::map<std::string, Value>;

/// Out of the JSON of summary.json.
Results results_of(const nlohmann::json& summary);

/// Of the run in `folder`; empty when it left no summary.
Results read_results(const std::string& folder);

/// The names that every run has (units and queues differ from run to run).
std::vector<std::string> result_names();

}  // namespace nsim::tool
