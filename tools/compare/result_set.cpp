// SPDX-License-Identifier: Apache-2.0
#include "tools/compare/result_set.h"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "sim/base/error.h"
#include "sim/base/words.h"
#include "tools/run_directory.h"
#include "tools/sweep/sweep_database.h"

namespace nsim::tool {
namespace {

void add_results(const Results& results, ResultEntry& entry) {
  for (const auto& [name, value] : results) {
    if (name == "time" || name == "advice") {
      continue;  // short for time_per_request_ns; follows from the others
    }
    if (value.is_text) {
      entry.texts[name] = value.text;
    } else {
      entry.numbers[name] = {value.number, unit_of(name)};
    }
  }
}

ResultEntry run_entry(const nlohmann::json& summary, bool statistics) {
  ResultEntry entry;
  add_results(results_of(summary), entry);
  const auto named = [&](const char* name) {
    return summary.value(name, nlohmann::json::object());
  };
  for (const char* fact : {"instance", "target", "clock"}) {
    entry.texts[fact] = named("metadata").value(fact, "");
  }
  if (statistics) {
    const nlohmann::json all = named("statistics");
    for (const auto& [name, stat] : all.items()) {
      entry.numbers["statistics." + name] = {stat.at("value").get<double>(),
                                             stat.at("unit").get<std::string>()};
    }
  }
  return entry;
}

ResultSet sweep_set(const std::string& folder) {
  ResultSet set{ResultSet::Kind::Sweep, folder, {}};
  SweepDatabase database(sweep_database_path(folder));
  const std::vector<std::string> axes = database.axis_names();
  for (const PointRecord& record : database.points(axes.size())) {
    if (record.state != PointState::Done) {
      continue;
    }
    ResultEntry entry;
    for (std::size_t axis = 0; axis < axes.size(); ++axis) {
      entry.name +=
          fmt::format("{}{}={}", axis == 0 ? "" : " ", axes[axis], record.point.values[axis].text);
    }
    add_results(database.results(record.id), entry);
    set.entries.push_back(std::move(entry));
  }
  return set;
}

void add_golden(const nlohmann::json& json, const std::string& path, ResultEntry& entry) {
  for (const auto& [key, value] : json.items()) {
    const std::string name = path.empty() ? key : path + "." + key;
    if (value.is_object()) {
      add_golden(value, name, entry);
    } else if (value.is_number()) {
      entry.numbers[name] = {value.get<double>(), unit_of(name)};
    } else if (value.is_string()) {
      entry.texts[name] = value.get<std::string>();
    }
  }
}

ResultSet golden_set(const std::string& path, const nlohmann::json& json) {
  ResultSet set{ResultSet::Kind::Golden, path, {}};
  for (const auto& [name, fields] : json.items()) {
    if (!fields.is_object()) {
      throw UserError(fmt::format(
          "{}: '{}' is no object; a golden file is {{name: {{field: number}}}}", path, name));
    }
    ResultEntry entry;
    entry.name = name;
    add_golden(fields, "", entry);
    set.entries.push_back(std::move(entry));
  }
  return set;
}

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

}  // namespace

std::string unit_of(const std::string& field) {
  static constexpr std::array<std::pair<const char*, const char*>, 7> kEndings{
      {{"_ps", "ps"},
       {"_ns", "ns"},
       {"total_time", "ns"},
       {"_percent", "%"},
       {"_bytes", "B"},
       {"flops_per_second", "FLOP/s"},
       {"_per_second", "1/s"}}};
  for (const auto& [ending, unit] : kEndings) {
    if (ends_with(field, ending) || field.find(std::string(ending) + ".") != std::string::npos) {
      return unit;
    }
  }
  return "1";
}

std::string amount_text(const Amount& amount) {
  if (amount.unit == "ns") {
    return time_text(amount.number);
  }
  if (amount.unit == "ps") {
    return time_text(amount.number / kNanosecond);
  }
  return amount.unit == "1" ? fmt::format("{:.9g}", amount.number)
                            : fmt::format("{:.6g} {}", amount.number, amount.unit);
}

ResultSet read_result_set(const std::string& path, bool statistics) {
  if (is_sweep_directory(path)) {
    return sweep_set(path);
  }
  if (std::filesystem::is_directory(path)) {
    return {ResultSet::Kind::Run, path, {run_entry(read_summary(path), statistics)}};
  }
  if (!std::filesystem::exists(path)) {
    throw UserError(fmt::format("there is no {}", path));
  }
  const nlohmann::json json = read_json_object(path);
  if (json.contains("summary") && json.contains("metadata")) {
    return {ResultSet::Kind::Run, path, {run_entry(json, statistics)}};
  }
  return golden_set(path, json);
}

}  // namespace nsim::tool
