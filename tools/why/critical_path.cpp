// SPDX-License-Identifier: Apache-2.0
#include "tools/why/critical_path.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>

#include "runtime/path_file.h"
#include "sim/base/error.h"

namespace nsim::tool {
namespace {

enum class Place { Engine, Core, Queue, Unit, HostLink };

struct KindText {
  Place place;
  const char* what;  // "": the instruction
  const char* waits;
};

/// By hw::name(hw::PathKind).
const std::map<std::string, KindText>& kinds() {
  static const std::map<std::string, KindText> table{
      {"doorbell", {Place::HostLink, "doorbell", "the write's way to the unit"}},
      {"queue", {Place::Unit, "request in the queue", "earlier requests of the unit"}},
      {"descriptor", {Place::HostLink, "request descriptor", "host memory"}},
      {"launch", {Place::Unit, "launch", "the unit"}},
      {"start", {Place::Core, "program start", "preamble and first instructions"}},
      {"fetch", {Place::Core, "instruction fetch", "HBM and the engine's ring"}},
      {"execute", {Place::Engine, "", "its engine, in order"}},
      {"throttle", {Place::Engine, "", "the utilisation limit"}},
      {"result", {Place::Engine, "", "its result"}},
      {"table", {Place::Core, "act_table_load", "the function table"}},
      {"weights", {Place::Engine, "", "its weights"}},
      {"semaphore", {Place::Engine, "", "a semaphore on its way"}},
      {"peer", {Place::Core, "core_barrier", "the other cores"}},
      {"bank", {Place::Engine, "", "a PSUM bank"}},
      {"port", {Place::Engine, "", "the SBUF port"}},
      {"descriptors", {Place::Queue, "", "descriptor generation"}},
      {"dma_queue", {Place::Queue, "", "DMA engines, behind other transfers"}},
      {"dma_move", {Place::Queue, "", "DMA engines, moving it"}},
      {"dma_memory", {Place::Queue, "", "HBM, on-chip memory and links"}},
      {"dma_finish", {Place::Queue, "", "memory latency and acknowledge"}},
      {"copy", {Place::HostLink, "host transfer", "the host link"}},
      {"collective", {Place::Unit, "collective", "other ranks, and the transfers between them"}},
      {"failure", {Place::Unit, "failure", "what did not come to its end"}},
      {"interrupt", {Place::HostLink, "interrupt", "its way to the host"}}};
  return table;
}

std::string engine_track(const std::string& engine) {
  static const std::map<std::string, std::string> names{{"tensor", "Tensor"},
                                                        {"vector", "Vector"},
                                                        {"scalar", "Scalar"},
                                                        {"gpsimd", "GpSimd"},
                                                        {"sync", "Sync"}};
  const auto found = names.find(engine);
  return found == names.end() ? engine : found->second;
}

std::string place_of(Place place, const nlohmann::json& segment, const std::string& unit) {
  const std::string core = fmt::format("nc{}", segment.value("core", 0));
  switch (place) {
    case Place::Engine:
      return fmt::format("{}({})", engine_track(segment.value("engine", "")), core);
    case Place::Core:
      return core;
    case Place::Queue:
      return fmt::format("{}({})", segment.value("queue", ""), core);
    case Place::Unit:
      return unit;
    case Place::HostLink:
      break;
  }
  return "host link";
}

CriticalSegment parse_segment(const nlohmann::json& json, const std::string& unit) {
  CriticalSegment segment;
  segment.from = json.at("from_ps");
  segment.to = json.at("to_ps");
  segment.kind = json.at("kind");
  segment.line = json.value("line", 0);
  segment.label = json.value("label", "");
  const auto text = kinds().find(segment.kind);
  if (text == kinds().end()) {
    throw UserError(fmt::format("a segment of unknown kind '{}'", segment.kind));
  }
  segment.what = *text->second.what != '\0' ? text->second.what : json.value("op", "instruction");
  segment.where = place_of(text->second.place, json, unit);
  segment.waits = text->second.waits;
  return segment;
}

std::string path_name(const std::string& folder) {
  return folder + "/" + rt::PathFile::kName;
}

}  // namespace

bool has_critical_path(const std::string& folder) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(path_name(folder), ignored);
}

CriticalPath parse_critical_path(const nlohmann::json& line) {
  CriticalPath path;
  path.unit = line.at("unit");
  path.sequence = line.at("sequence");
  path.error = line.value("error", "");
  path.submitted = line.at("submitted_ps");
  path.completed = line.at("completed_ps");
  for (const nlohmann::json& segment : line.at("segments")) {
    path.segments.push_back(parse_segment(segment, path.unit));
  }
  return path;
}

CriticalPath read_critical_path(const std::string& folder, std::int64_t wanted) {
  std::ifstream file(path_name(folder), std::ios::binary);
  std::string found;
  std::int64_t number = 0;
  bool of_compute = false;
  bool succeeded = false;
  for (std::string line; std::getline(file, line);) {
    const std::string head = line.substr(0, line.find("\"segments\""));
    const bool compute = head.find(".compute.") != std::string::npos;
    if (compute && !of_compute) {
      of_compute = true;
      succeeded = false;
      number = 0;
      found.clear();
    }
    if (of_compute && !compute) {
      continue;
    }
    ++number;
    const bool failed = head.find("\"error\"") != std::string::npos;
    if (wanted == 0 ? !failed || !succeeded : number == wanted) {
      found = line;
      succeeded = succeeded || !failed;
    }
  }
  if (found.empty()) {
    throw UserError(wanted == 0 ? fmt::format("{} has no request in it", path_name(folder))
                                : fmt::format("there is no request {} in {}; it has {}", wanted,
                                              path_name(folder), number));
  }
  try {
    return parse_critical_path(nlohmann::json::parse(found));
  } catch (const nlohmann::json::exception& error) {
    throw UserError(fmt::format("{}: {}", path_name(folder), error.what()));
  }
}

namespace {

std::vector<PathRow> grouped(const CriticalPath& path, bool by_line) {
  std::map<std::tuple<std::string, std::string, std::string, std::string>, PathRow> rows;
  for (const CriticalSegment& segment : path.segments) {
    const std::string label = by_line ? segment.label : "";
    PathRow& row = rows[{segment.kind, segment.what, segment.where, label}];
    row.label = label;
    row.kind = segment.kind;
    row.what = segment.what;
    row.where = segment.where;
    row.waits = segment.waits;
    row.time += segment.to - segment.from;
    ++row.count;
    if (row.longest == nullptr || segment.to - segment.from > row.longest->to - row.longest->from) {
      row.longest = &segment;
    }
  }
  std::vector<PathRow> sorted;
  for (auto& [key, row] : rows) {
    sorted.push_back(row);
  }
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const PathRow& a, const PathRow& b) { return a.time > b.time; });
  return sorted;
}

}  // namespace

std::vector<PathRow> rows_of(const CriticalPath& path) {
  return grouped(path, false);
}

std::vector<PathRow> rows_by_line(const CriticalPath& path) {
  return grouped(path, true);
}

namespace {

/// "Vector(nc1)" as "Vector", "nc1" as "core".
std::string without_core(const std::string& where) {
  if (where.compare(0, 2, "nc") == 0 && where.find('.') == std::string::npos) {
    return "core";
  }
  return where.substr(0, where.find("(nc"));
}

}  // namespace

std::vector<PathShift> shifts_between(const CriticalPath& before, const CriticalPath& after) {
  std::map<std::tuple<std::string, std::string, std::string>, PathShift> shifts;
  for (const auto& [path, sign] : {std::pair(&before, -1), std::pair(&after, 1)}) {
    for (const PathRow& row : rows_of(*path)) {
      const std::string where = without_core(row.where);
      PathShift& shift = shifts[{row.kind, row.what, where}];
      shift.what = row.what;
      shift.where = where;
      shift.waits = row.waits;
      shift.time += sign * row.time;
    }
  }
  std::vector<PathShift> sorted;
  for (const auto& [key, shift] : shifts) {
    if (shift.time != 0) {
      sorted.push_back(shift);
    }
  }
  std::stable_sort(sorted.begin(), sorted.end(), [](const PathShift& a, const PathShift& b) {
    return std::abs(a.time) > std::abs(b.time);
  });
  return sorted;
}

}  // namespace nsim::tool
