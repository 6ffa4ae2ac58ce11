// SPDX-License-Identifier: Apache-2.0
#include "tools/run_directory.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "sim/base/error.h"

namespace nsim::tool {
namespace {

bool is_file(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(path, ignored);
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
    throw UserError(fmt::format("{} is no JSON: {}", path, error.what()));
  }
}

nlohmann::json read_summary(const std::string& folder) {
  const std::string path = folder + "/summary.json";
  if (!is_file(path)) {
    throw UserError(
        fmt::format("{} holds no results of a run: there is no {} (nsim run --out DIR leaves one)",
                    folder, path));
  }
  return read_json_object(path);
}

}  // namespace nsim::tool
