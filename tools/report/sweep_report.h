// SPDX-License-Identifier: Apache-2.0
// Everything a report says of a sweep, as one document for the page, the terminal and programs.
//
//   kind       "sweep"
//   folder, name
//   axes       names, in the order of the file
//   columns    names of the results that the file of the sweep defines
//   points     [{id, state: done | failed | waiting, error?, settings: {axis: number or text},
//   texts: {axis: text}}] results    {name: [number or null by point]}: every result that is a
//   number, `time` (per request, ns) first
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "tools/report/table_writer.h"

namespace nsim::tool {

/// Throws UserError when `folder` holds no sweep.
nlohmann::ordered_json sweep_report(const std::string& folder);

/// One screen: what ran, and the best and worst point by time and by each column.
std::string sweep_text(const nlohmann::ordered_json& report);

/// One table `points`: id, state, error, the axes, the results.
void write_points(const nlohmann::ordered_json& report, TableWriter& writer);

}  // namespace nsim::tool
