// SPDX-License-Identifier: Apache-2.0
// nsim report: what a run or a sweep says, for people and for programs (docs/reports.md).
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "sim/base/error.h"
#include "tools/command.h"
#include "tools/device.h"
#include "tools/report/page.h"
#include "tools/report/profile_tables.h"
#include "tools/report/run_report.h"
#include "tools/run_directory.h"

namespace nsim::tool {
namespace {

/// To the file, or to standard output when there is none.
void write_text(const std::string& path, const std::string& text) {
  if (path.empty()) {
    std::cout << text << std::flush;
    return;
  }
  write_file(path, reinterpret_cast<const std::byte*>(text.data()), text.size());
}

/// Members of the report, then the tables.
void write_json(const nlohmann::ordered_json& report, const RunTimeline& timeline,
                std::ostream& out) {
  const std::string members = report.dump(1, ' ', false, nlohmann::json::error_handler_t::replace);
  out << members.substr(0, members.rfind('}') - 1) << ",\n\"tables\": ";
  JsonTables tables(out);
  write_tables(report, timeline, tables);
  tables.close();
  out << "\n}\n";
}

void write_page(const nlohmann::ordered_json& report, const RunTimeline& timeline,
                const std::string& path) {
  const nlohmann::ordered_json& about = report.at("metadata");
  const Page page{
      fmt::format("Run {}", std::filesystem::path(report.at("folder").get<std::string>())
                                .lexically_normal()
                                .filename()
                                .string()),
      fmt::format("{} ({})", about.at("instance").get<std::string>(),
                  about.at("target").get<std::string>()),
      report_text(report)};
  write_text(path, html_page(page, report, pack(timeline)));
  fmt::print("{}\n", path);
}

void report_run(const std::string& folder, const std::string& format, const std::string& out) {
  const nlohmann::json summary = read_summary(folder);
  const RunTimeline timeline = read_timeline(folder, summary);
  const nlohmann::ordered_json report = run_report(folder, summary, timeline);
  if (format == "html") {
    write_page(report, timeline, out.empty() ? folder + "/report.html" : out);
  } else if (format == "text") {
    write_text(out, report_text(report));
  } else if (format == "csv") {
    CsvTables tables(out.empty() ? folder + "/csv" : out);
    write_tables(report, timeline, tables);
  } else if (out.empty()) {
    write_json(report, timeline, std::cout);
    std::cout.flush();
  } else {
    std::ofstream file(out, std::ios::binary);
    write_json(report, timeline, file);
    file.close();
    if (!file) {
      throw UserError(
          fmt::format("cannot write {}: does its folder exist, and is there room?", out));
    }
  }
}

int execute(const Arguments& arguments) {
  const std::string folder = arguments.text("RUN");
  const std::string format = arguments.text("format");
  const auto forms = {"html", "text", "json", "csv"};
  if (std::find(forms.begin(), forms.end(), format) == forms.end()) {
    throw UserError(fmt::format("--format: '{}' is none of html, text, json, csv", format));
  }
  report_run(folder, format, arguments.text("out"));
  return 0;
}

}  // namespace

Command report_command() {
  using Kind = Option::Kind;
  return {
      {"report",
       "report RUN [options]",
       "what bounded a run: metrics, utilisation, operators, idle time by cause, latencies\n"
       "RUN is a directory that --out left (docs/reports.md).",
       {"RUN"},
       {{"format,f", Kind::Text, "html|text|json|csv",
         "one page for a browser, a text for the terminal, all of it as one JSON object, or one "
         "CSV file per table",
         "html"},
        {"out,o", Kind::Text, "PATH",
         "where to, instead of RUN/report.html, the terminal (text, json) or the folder RUN/csv"}}},
      execute};
}

}  // namespace nsim::tool
