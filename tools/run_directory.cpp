// SPDX-License-Identifier: Apache-2.0
#include "tools/run_directory.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>

#include "sim/base/error.h"
#include "tools/run_record.h"

namespace nsim::tool {
namespace {

bool is_file(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(path, ignored);
}

/// What stands in the way of reading a run's summary.json, and what would be right.
std::string why_no_run(const std::string& folder) {
  const char* right = "a run is a directory with a summary.json, as nsim run --out DIR leaves it";
  std::error_code ignored;
  if (!std::filesystem::exists(folder, ignored)) {
    return fmt::format("there is no such directory; {}", right);
  }
  if (is_file(folder)) {
    return fmt::format("that is a file; {}", right);
  }
  if (is_sweep_directory(folder)) {
    return fmt::format("that is a sweep; a run is one of its points: {}/points/000001", folder);
  }
  const std::optional<RunOutcome> outcome = read_outcome(folder);
  if (outcome && !outcome->error.empty()) {
    return fmt::format("the run ended without results: {}", outcome->error);
  }
  return fmt::format("it has no summary.json; {}", right);
}

}  // namespace

bool is_run_directory(const std::string& path) {
  return is_file(path + "/summary.json") || is_file(path + "/run.json");
}

bool is_sweep_directory(const std::string& path) {
  return is_file(sweep_database_path(path));
}

std::string sweep_database_path(const std::string& folder) {
  return folder + "/sweep.sqlite";
}

nlohmann::json read_json_object(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    throw UserError(fmt::format("cannot read {}", path));
  }
  try {
    nlohmann::json json = nlohmann::json::parse(file);
    if (!json.is_object()) {
      throw UserError(fmt::format("{} is no JSON object", path));
    }
    return json;
  } catch (const nlohmann::json::exception& error) {
    const std::string text = error.what();
    const std::string before = "parse error at ";  // and the library's number of the error
    const std::size_t at = text.find(before);
    throw UserError(fmt::format("{} is no JSON: {}", path,
                                at == std::string::npos ? text : text.substr(at + before.size())));
  }
}

nlohmann::json read_summary(const std::string& folder) {
  const std::string path = folder + "/summary.json";
  if (!is_file(path)) {
    throw UserError(fmt::format("{}: {}", folder, why_no_run(folder)));
  }
  return read_json_object(path);
}

}  // namespace nsim::tool
