// SPDX-License-Identifier: Apache-2.0
// Reading what a run left: the one place that knows how its files are called.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace nsim::tool {

bool is_run_directory(const std::string& path);
bool is_sweep_directory(const std::string& path);

/// summary.json of the run in `folder`. Throws UserError when it has none that can be read.
nlohmann::json read_summary(const std::string& folder);

/// A JSON object out of a file. Throws UserError with the place of what is wrong.
nlohmann::json read_json_object(const std::string& path);

/// The file that holds the results of the sweep in `folder`.
std::string sweep_database_path(const std::string& folder);

}  // namespace nsim::tool
