// SPDX-License-Identifier: Apache-2.0
// nsim report: what a run or a sweep says, for people and for programs (docs/reports.md).
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "sim/base/error.h"
#include "sim/base/words.h"
#include "tools/command.h"
#include "tools/device.h"
#include "tools/report/kernel_report.h"
#include "tools/report/page.h"
#include "tools/report/profile_tables.h"
#include "tools/report/run_report.h"
#include "tools/report/sweep_report.h"
#include "tools/run_directory.h"

namespace nsim::tool {
namespace {

using Json = nlohmann::ordered_json;

/// A report in every form that was asked for; what a run and a sweep differ in.
struct Report {
  Json document;
  Page page;
  RunTimeline timeline;  // of a run
  void (*write_tables)(const Report&, TableWriter&) = nullptr;
};

/// The last part of a path, also of "a/b/".
std::string name_of(const std::string& folder) {
  const auto path = std::filesystem::absolute(folder).lexically_normal();
  return (path.has_filename() ? path : path.parent_path()).filename().string();
}

/// To the file, or to standard output when there is none.
void write_text(const std::string& path, const std::string& text) {
  if (path.empty()) {
    std::cout << text << std::flush;
    return;
  }
  write_file(path, text);
}

/// Members of the document, then the tables.
void write_json(const Report& report, std::ostream& out) {
  const std::string members =
      report.document.dump(1, ' ', false, nlohmann::json::error_handler_t::replace);
  out << members.substr(0, members.rfind('}') - 1) << ",\n\"tables\": ";
  JsonTables tables(out);
  report.write_tables(report, tables);
  tables.close();
  out << "\n}\n";
}

void write_json(const Report& report, const std::string& path) {
  if (path.empty()) {
    write_json(report, std::cout);
    std::cout.flush();
    return;
  }
  write_file(path, [&](std::ostream& out) { write_json(report, out); });
}

void write(Report report, const std::string& folder, const std::string& format,
           const std::string& out) {
  if (format == "html") {
    const std::string path = out.empty() ? folder + "/report.html" : out;
    report.document.erase("hbm_levels");  // only a table
    write_text(path, html_page(report.page, report.document, pack(report.timeline)));
    fmt::print("{}\n", path);
  } else if (format == "text") {
    write_text(out, report.page.fallback);
  } else if (format == "lines") {
    write_text(out, kernel_text(report.document));
  } else if (format == "json") {
    write_json(report, out);
  } else {
    CsvTables tables(out.empty() ? folder + "/csv" : out);
    report.write_tables(report, tables);
  }
}

Report of_run(const std::string& folder) {
  const nlohmann::json summary = read_summary(folder);
  Report report;
  report.timeline = read_timeline(folder, summary);
  report.document = run_report(folder, summary, report.timeline);
  const Json& about = report.document.at("metadata");
  report.page = {fmt::format("Run {}", name_of(folder)),
                 fmt::format("{} ({})", about.at("instance").get<std::string>(),
                             about.at("target").get<std::string>()),
                 report_text(report.document)};
  report.write_tables = [](const Report& of, TableWriter& writer) {
    write_tables(of.document, of.timeline, writer);
  };
  return report;
}

Report of_sweep(const std::string& folder) {
  Report report;
  report.document = sweep_report(folder);
  report.page = {fmt::format("Sweep {}", report.document.at("name").get<std::string>()),
                 counted(static_cast<std::int64_t>(report.document.at("points").size()), "point"),
                 sweep_text(report.document)};
  report.write_tables = [](const Report& of, TableWriter& writer) {
    write_points(of.document, writer);
  };
  return report;
}

int execute(const Arguments& arguments) {
  const std::string folder = arguments.text("RUN|SWEEP");
  const std::string format = arguments.text("format");
  const auto forms = {"html", "text", "lines", "json", "csv"};
  if (std::find(forms.begin(), forms.end(), format) == forms.end()) {
    throw UserError(fmt::format("--format: '{}' is none of html, text, lines, json, csv", format));
  }
  if (format == "lines" && is_sweep_directory(folder)) {
    throw UserError("--format: lines are of a kernel's run; a sweep has none");
  }
  write(is_sweep_directory(folder) ? of_sweep(folder) : of_run(folder), folder, format,
        arguments.text("out"));
  return 0;
}

}  // namespace

Command report_command() {
  using Kind = Option::Kind;
  return {{"report",
           "report RUN|SWEEP [options]",
           "what bounded a run, or what a sweep found: one page, a text, or tables\n"
           "RUN is a directory that --out left, SWEEP that of nsim sweep (docs/reports.md).",
           {"RUN|SWEEP"},
           {{"format,f", Kind::Text, "html|text|lines|json|csv",
             "one page for a browser, a text for the terminal, a text by source line of a kernel, "
             "all of "
             "it as one JSON object, or one CSV file per table",
             "html"},
            {"out,o", Kind::Text, "PATH",
             "where to, instead of RUN/report.html, the terminal (text, json) or the folder "
             "RUN/csv"}}},
          execute};
}

}  // namespace nsim::tool
