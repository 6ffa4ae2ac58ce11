// SPDX-License-Identifier: Apache-2.0
#include "tools/sweep/results.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "runtime/report.h"

namespace nsim::tool {
namespace {

void flatten(const nlohmann::json& json, const std::string& path, Results& out) {
  if (json.is_object()) {
    for (const auto& [key, value] : json.items()) {
      flatten(value, path.empty() ? key : path + "." + key, out);
    }
  } else if (json.is_number()) {
    out[path] = Value::of(json.get<double>());
  } else if (json.is_string()) {
    out[path] = Value::of(json.get<std::string>());
  }
}

/// Long parts that no result is made of are dropped while reading.
bool wanted(int depth, nlohmann::json::parse_event_t event, nlohmann::json& parsed) {
  return depth != 1 || event != nlohmann::json::parse_event_t::key ||
         (parsed != "statistics" && parsed != "requests" && parsed != "models");
}

}  // namespace

Results results_of(const nlohmann::json& summary) {
  Results results;
  if (!summary.is_object()) {
    return results;
  }
  flatten(summary.value("summary", nlohmann::json::object()), "", results);
  for (const char* part : {"engines", "units", "queues"}) {
    flatten(summary.value(part, nlohmann::json::object()), part, results);
  }
  const auto time = results.find("time_per_request_ns");
  if (time != results.end()) {
    const Value value = time->second;
    results["time"] = value;
  }
  return results;
}

Results read_results(const std::string& folder) {
  std::ifstream file(folder + "/summary.json");
  return results_of(nlohmann::json::parse(file, wanted, false));
}

std::vector<std::string> result_names() {
  std::vector<std::string> names;
  for (const auto& [name, value] :
       results_of(nlohmann::json::parse(rt::summary_json(rt::SessionRecord{})))) {
    names.push_back(name);
  }
  return names;
}

}  // namespace nsim::tool
