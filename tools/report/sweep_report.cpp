// SPDX-License-Identifier: Apache-2.0
#include "tools/report/sweep_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "sim/base/error.h"
#include "sim/base/words.h"
#include "tools/run_directory.h"
#include "tools/sweep/sweep_database.h"

namespace nsim::tool {
namespace {

using Json = nlohmann::ordered_json;

Json value_of(const Value& value) {
  return value.is_text ? Json(value.text) : Json(value.number);
}

const char* state_name(PointState state) {
  switch (state) {
    case PointState::Done:
      return "done";
    case PointState::Failed:
      return "failed";
    case PointState::Waiting:
      break;
  }
  return "waiting";
}

Json one_point(const PointRecord& record, const std::vector<std::string>& axes) {
  Json point{{"id", record.id}, {"state", state_name(record.state)}};
  if (!record.error.empty()) {
    point["error"] = record.error;
  }
  point["settings"] = Json::object();
  point["texts"] = Json::object();
  for (std::size_t axis = 0; axis < axes.size(); ++axis) {
    point["settings"][axes[axis]] = value_of(record.point.values[axis].value);
    point["texts"][axes[axis]] = record.point.values[axis].text;
  }
  return point;
}

/// By name, one number per point; `time` and the columns of the file come first.
Json result_columns(const std::vector<Results>& points, const std::vector<std::string>& first) {
  std::map<std::string, Json> found;
  for (std::size_t i = 0; i < points.size(); ++i) {
    for (const auto& [name, value] : points[i]) {
      if (!value.is_text) {
        Json& column = found[name];
        while (column.size() < i) {
          column.push_back(nullptr);
        }
        column.push_back(value.number);
      }
    }
  }
  Json out = Json::object();
  const auto add = [&](const std::string& name, Json column) {
    while (column.size() < points.size()) {
      column.push_back(nullptr);
    }
    out[name] = std::move(column);
  };
  for (const std::string& name : first) {
    if (found.count(name) != 0) {
      add(name, found[name]);
    }
  }
  for (auto& [name, column] : found) {
    if (!out.contains(name)) {
      add(name, std::move(column));
    }
  }
  return out;
}

std::string settings_text(const Json& point) {
  std::string out;
  for (const auto& [axis, text] : point.at("texts").items()) {
    out += fmt::format("{}{}={}", out.empty() ? "" : ", ", axis, text.get<std::string>());
  }
  return out;
}

/// The points with the least and the most of one result.
std::string extremes(const Json& report, const std::string& name) {
  const Json& column = report.at("results").at(name);
  std::size_t least = column.size();
  std::size_t most = column.size();
  for (std::size_t i = 0; i < column.size(); ++i) {
    if (column[i].is_null()) {
      continue;
    }
    least = least == column.size() || column[i] < column[least] ? i : least;
    most = most == column.size() || column[i] > column[most] ? i : most;
  }
  if (least == column.size()) {
    return "";
  }
  const auto line = [&](const char* which, std::size_t i) {
    const double value = column[i];
    return fmt::format("  {:<6} {:>14}   point {}: {}\n", which,
                       name == "time" ? time_text(value) : fmt::format("{:.6g}", value),
                       report.at("points")[i].at("id").get<std::int64_t>(),
                       settings_text(report.at("points")[i]));
  };
  return fmt::format("{}\n", name) + line("least", least) + line("most", most);
}

}  // namespace

Json sweep_report(const std::string& folder) {
  const std::string path = sweep_database_path(folder);
  if (!is_sweep_directory(folder)) {
    throw UserError(fmt::format("{} holds no sweep: there is no {}", folder, path));
  }
  SweepDatabase database(path);
  const auto text = database.fact("file");
  if (!text) {
    throw UserError(fmt::format("{} has no sweep in it", path));
  }
  const SweepFile file = parse_sweep_file(*text, database.fact("path").value_or(path));
  const std::vector<std::string> axes = database.axis_names();
  std::vector<std::string> columns;
  for (const SweepColumn& column : file.columns) {
    columns.push_back(column.name);
  }
  Json points = Json::array();
  std::vector<Results> results;
  for (const PointRecord& record : database.points(axes.size())) {
    points.push_back(one_point(record, axes));
    results.push_back(record.state == PointState::Done ? database.results(record.id) : Results());
  }
  std::vector<std::string> first{"time"};
  first.insert(first.end(), columns.begin(), columns.end());
  return {{"kind", "sweep"},
          {"folder", folder},
          {"name", file.name},
          {"axes", axes},
          {"columns", columns},
          {"points", std::move(points)},
          {"results", result_columns(results, first)}};
}

std::string sweep_text(const Json& report) {
  std::map<std::string, std::int64_t> states;
  for (const Json& point : report.at("points")) {
    ++states[point.at("state")];
  }
  std::string out = fmt::format(
      "{}\n  {}: {} done, {} failed, {} waiting\n\n", report.at("folder").get<std::string>(),
      counted(static_cast<std::int64_t>(report.at("points").size()), "point"), states["done"],
      states["failed"], states["waiting"]);
  std::vector<std::string> names{"time"};
  for (const Json& column : report.at("columns")) {
    names.push_back(column);
  }
  for (const std::string& name : names) {
    out += report.at("results").contains(name) ? extremes(report, name) : "";
  }
  std::string failures;
  for (const Json& point : report.at("points")) {
    if (point.contains("error")) {
      failures += fmt::format("  point {}: {}\n", point.at("id").get<std::int64_t>(),
                              point.at("error").get<std::string>());
    }
  }
  return failures.empty() ? out : out + "failed\n" + failures;
}

void write_points(const Json& report, TableWriter& writer) {
  std::vector<std::string> heads{"point", "state", "error"};
  for (const Json& axis : report.at("axes")) {
    heads.push_back(axis);
  }
  for (const auto& [name, column] : report.at("results").items()) {
    heads.push_back(name);
  }
  writer.begin("points", heads);
  for (std::size_t i = 0; i < report.at("points").size(); ++i) {
    const Json& point = report.at("points")[i];
    const std::string error = point.value("error", "");
    std::vector<Cell> cells{point.at("id").get<std::int64_t>(),
                            std::string_view(point.at("state").get_ref<const std::string&>()),
                            std::string_view(error)};
    for (const auto& [axis, text] : point.at("texts").items()) {
      cells.emplace_back(std::string_view(text.get_ref<const std::string&>()));
    }
    for (const auto& [name, column] : report.at("results").items()) {
      cells.push_back(column[i].is_null() ? Cell(std::string_view())
                                          : Cell(column[i].get<double>()));
    }
    writer.row(cells);
  }
  writer.end();
}

}  // namespace nsim::tool
