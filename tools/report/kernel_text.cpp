// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "sim/base/error.h"
#include "sim/base/units.h"
#include "sim/base/words.h"
#include "tools/numbers.h"
#include "tools/report/kernel_report.h"
#include "tools/report/run_report.h"

namespace nsim::tool {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kShownLines = 40;
constexpr std::size_t kShownFirst = 3;
constexpr std::size_t kSourceWidth = 60;

std::string line_name(const Json& line) {
  const std::string name = line.at("line");
  return name.empty() ? "(of no line)" : name;
}

/// Of a program; nullptr when none ran.
const Json* last_execution(const Json& report) {
  const Json* last = nullptr;
  for (const Json& request : report.at("requests")) {
    if (request.at("unit").get<std::string>().find(".compute.") != std::string::npos) {
      last = &request;
    }
  }
  return last;
}

std::string time_between(const Json& request, const char* from, const char* to) {
  return time_text(nanoseconds(request.at(to).get<SimTime>() - request.at(from).get<SimTime>()));
}

std::string head(const Json& report) {
  const Json& kernel = report.at("kernel");
  const Json given = kernel.value("arguments", Json::object());
  std::string arguments;
  for (const auto& [name, value] : given.items()) {
    arguments +=
        fmt::format("{}{} = {}", arguments.empty() ? "" : ", ", name, value.get<std::string>());
  }
  const std::string grid = kernel.value("grid", "");
  const Json& about = report.at("metadata");
  std::string out = fmt::format(
      "{}{}({})\n  {} ({}), simulated: LNC {}, clock {}, numerics {}\n\n",
      kernel.value("name", report.at("folder").get<std::string>()),
      grid.empty() ? "" : "[" + grid + "]", arguments, about.at("instance").get<std::string>(),
      about.at("target").get<std::string>(), about.at("lnc").get<int>(),
      about.at("clock").get<std::string>(), about.at("numerics").get<bool>() ? "on" : "off");
  if (const Json* request = last_execution(report)) {
    out += fmt::format(
        "  time on the device  {:>12}\n  time of the request {:>12}   from its submission until "
        "the host knows\n  HBM                 {:>10.1f} %   {:.2f} MB read, {:.2f} MB written\n"
        "  Tensor              {:>10.1f} %   {:.2f} of {:.2f} TFLOP/s\n\n",
        time_between(*request, "started_ps", "ended_ps"),
        time_between(*request, "submitted_ps", "completed_ps"),
        number(report.at("summary"), "mbu_estimated_percent"),
        number(report.at("bandwidth"), "read_bytes") * 1e-6,
        number(report.at("bandwidth"), "write_bytes") * 1e-6,
        number(report.at("summary"), "hfu_estimated_percent"),
        number(report.at("summary"), "flops_per_second") * 1e-12,
        number(report.at("summary"), "peak_flops_per_second") * 1e-12);
  }
  return out;
}

std::string memory(const Json& kernel) {
  std::string out =
      fmt::format("Memory, bytes of a partition\n  {:<6} {:>16} {:>8} {:>12} {:>10}\n", "",
                  "in use at a time", "", "spread over", "of");
  for (const Json& model : kernel.at("memory")) {
    for (const auto& [name, prefix] : {std::pair("SBUF", "sbuf"), std::pair("PSUM", "psum")}) {
      const auto bytes = [&](const char* what) {
        return number(model, fmt::format("{}_{}_bytes_per_partition", prefix, what).c_str());
      };
      const double capacity = bytes("capacity");
      out += fmt::format("  {:<6} {:>16.0f} {:>6.1f} % {:>12.0f} {:>10.0f}\n", name, bytes("peak"),
                         100 * ratio(bytes("peak"), capacity), bytes("placed"), capacity);
    }
  }
  return out + "\n";
}

/// The ones that count when there are too many, in the order of the source.
std::vector<const Json*> shown(const Json& lines, const char* field) {
  std::vector<const Json*> rows;
  for (const Json& line : lines) {
    rows.push_back(&line);
  }
  if (rows.size() > kShownLines) {
    std::vector<const Json*> sorted = rows;
    std::stable_sort(sorted.begin(), sorted.end(), [&](const Json* a, const Json* b) {
      return number(*a, field) > number(*b, field);
    });
    sorted.resize(kShownLines);
    rows.erase(std::remove_if(rows.begin(), rows.end(),
                              [&](const Json* row) {
                                return std::find(sorted.begin(), sorted.end(), row) == sorted.end();
                              }),
               rows.end());
  }
  return rows;
}

std::size_t name_width(const Json& lines) {
  std::size_t width = 12;
  for (const Json& line : lines) {
    width = std::max(width, line_name(line).size());
  }
  return width;
}

/// "vector 10.9 us x 32, scalar 1.2 us x 32".
std::string engines_of(const Json& line) {
  const Json engines = line.value("engines", Json::object());
  std::string text;
  for (const auto& [engine, use] : engines.items()) {
    text += fmt::format("{}{} {} x {}", text.empty() ? "" : ", ", engine,
                        time_text(number(use, "busy_ns")), use.at("instructions").get<int>());
  }
  return text;
}

std::string source_of(const Json& line) {
  std::string source = line.value("source", "");
  if (source.size() > kSourceWidth) {
    source.resize(kSourceWidth - 3);
    source += "...";
  }
  return source;
}

std::string times(const Json& report) {
  const Json& lines = report.at("kernel").at("lines");
  const double request =
      report.contains("critical_path") ? number(report.at("critical_path"), "time_ns") : 0;
  const std::size_t width = name_width(lines);
  const std::vector<const Json*> rows = shown(lines, "under_way_ns");
  std::size_t engines = 0;
  for (const Json* line : rows) {
    engines = std::max(engines, engines_of(*line).size());
  }
  std::string out = fmt::format(
      "Time by source line (critical: on the path that made the request take so long)\n"
      "  {:<{}} {:>12} {:>8} {:>12}  {}\n",
      "line", width, "critical", "", "under way", "busy x instructions");
  double inside = 0;
  for (const Json& line : lines) {
    inside += number(line, "critical_path_ns");
  }
  const auto percent = [&](double ns) {
    return request > 0 ? fmt::format("{:.1f} %", 100 * ns / request) : std::string("?");
  };
  for (const Json* line : rows) {
    const double critical = number(*line, "critical_path_ns");
    out += fmt::format("  {:<{}} {:>12} {:>8} {:>12}  {:<{}}  {}\n", line_name(*line), width,
                       time_text(critical), percent(critical),
                       time_text(number(*line, "under_way_ns")), engines_of(*line), engines,
                       source_of(*line));
  }
  if (rows.size() < lines.size()) {
    out += fmt::format("  ... and {} more\n", lines.size() - rows.size());
  }
  if (request > 0) {
    out += fmt::format("  {:<{}} {:>12} {:>8}  {}\n", "(no line)", width,
                       time_text(request - inside), percent(request - inside),
                       "program start, the unit, the way from and to the host");
  }
  return out + "\n";
}

std::string transfers(const Json& report) {
  Json lines = Json::array();
  for (const Json& line : report.at("kernel").at("lines")) {
    if (line.contains("dma")) {
      lines.push_back(line.at("dma"));
      lines.back()["line"] = line.at("line");
    }
  }
  if (lines.empty()) {
    return "";
  }
  const std::size_t width = name_width(lines);
  std::string out =
      fmt::format("DMA by source line\n  {:<{}} {:>9} {:>12} {:>11} {:>12} {:>12} {:>12}\n", "line",
                  width, "transfers", "bytes", "descriptors", "B/descriptor", "moving", "GB/s");
  for (const Json* line : shown(lines, "moving_ns")) {
    out += fmt::format("  {:<{}} {:>9.0f} {:>12.0f} {:>11.0f} {:>12.0f} {:>12} {:>12.1f}\n",
                       line_name(*line), width, number(*line, "transfers"), number(*line, "bytes"),
                       number(*line, "descriptors"), number(*line, "bytes_per_descriptor"),
                       time_text(number(*line, "moving_ns")),
                       number(*line, "bytes_per_second") * 1e-9);
  }
  return out + "\n";
}

/// What the critical path spends most on, then what is usually wrong.
std::string first(const Json& report) {
  std::string out = "What to change first\n";
  const Json& rows = report.at("kernel").at("longest");
  for (std::size_t i = 0; i < rows.size() && i < kShownFirst; ++i) {
    const Json& row = rows[i];
    const std::string line = row.at("line");
    out += fmt::format("  - {:.1f} % of the request: {}{} on {}, waiting for {}\n",
                       number(row, "percent_of_request"), line.empty() ? "" : line + " ",
                       row.at("what").get<std::string>(), row.at("where").get<std::string>(),
                       row.at("waiting_for").get<std::string>());
  }
  for (const Json& one : report.at("findings")) {
    const std::string line = one.at("line");
    out += fmt::format("  - {} (look at {}{})\n", one.at("text").get<std::string>(),
                       line.empty() ? "" : line + ", ", one.at("track").get<std::string>());
  }
  return out;
}

std::string checks(const Json& kernel) {
  std::string out;
  for (const Json& row : kernel.value("checks", Json::array())) {
    out += fmt::format("  {}: {}: {}\n", row.at("output").get<std::string>(),
                       row.at("passed").get<bool>() ? "passed" : "FAILED",
                       row.at("text").get<std::string>());
  }
  return out.empty() ? out : "\nCheck\n" + out;
}

}  // namespace

std::string kernel_text(const Json& report) {
  if (report.at("kernel").is_null()) {
    throw UserError(fmt::format("{} is no run of a kernel with traces: no instruction names a line",
                                report.at("folder").get<std::string>()));
  }
  return head(report) + engines_text(report) + memory(report.at("kernel")) + times(report) +
         transfers(report) + first(report) + checks(report.at("kernel"));
}

}  // namespace nsim::tool
