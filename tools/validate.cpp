// SPDX-License-Identifier: Apache-2.0
// nsim validate: simulated times against published ones.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <thread>

#include "runtime/options.h"
#include "sim/base/error.h"
#include "tools/command.h"
#include "tools/device.h"
#include "tools/validation_report.h"
#include "tools/validation_run.h"

namespace nsim::tool {
namespace {

/// The rows whose id is one of `wanted`, or begins with it: "A" and "A1" both name "A1.hfu".
std::vector<ValidationRow> chosen(std::vector<ValidationRow> rows,
                                  const std::vector<std::string>& wanted) {
  if (wanted.empty()) {
    return rows;
  }
  std::vector<ValidationRow> result;
  std::vector<bool> used(wanted.size(), false);
  for (ValidationRow& row : rows) {
    bool take = false;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (row.id.compare(0, wanted[i].size(), wanted[i]) == 0) {
        take = used[i] = true;
      }
    }
    if (take) {
      result.push_back(std::move(row));
    }
  }
  const auto unused = std::find(used.begin(), used.end(), false);
  if (unused != used.end()) {
    throw UserError(fmt::format("--rows: no row '{}' in the table",
                                wanted[static_cast<std::size_t>(unused - used.begin())]));
  }
  return result;
}

void create_folder(const std::string& path) {
  std::error_code failure;
  std::filesystem::create_directories(path, failure);
  if (failure) {
    throw UserError(fmt::format("cannot create {}: {}", path, failure.message()));
  }
}

/// Every configuration can be opened with its settings, and has what rows say was fitted.
void check_parameters(const std::vector<ValidationRow>& rows) {
  std::map<std::pair<std::string, std::vector<std::string>>, std::set<std::string>> known;
  for (const ValidationRow& row : rows) {
    if (!row.runs()) {
      continue;
    }
    std::set<std::string>& names = known[{row.config, row.set}];
    if (names.empty()) {
      const Device device = open_device(row.config, row.set);
      for (const ParamInfo& info : device.config.params()) {
        names.insert(info.path);
      }
    }
    for (const std::string& name : row.fitted) {
      if (names.count(name) == 0) {
        throw UserError(fmt::format("row {}: fitted on '{}', which is no parameter of {}", row.id,
                                    name, row.config));
      }
    }
  }
}

int execute(const Arguments& arguments) {
  const std::string table = arguments.has("table")
                                ? arguments.text("table")
                                : rt::find_shared("models/validation/table.toml");
  std::vector<ValidationRow> rows = chosen(read_validation_table(table), arguments.list("rows"));
  for (ValidationRow& row : rows) {
    for (const std::string& assignment : arguments.list("set")) {
      row.set.push_back(assignment);
    }
  }
  check_parameters(rows);
  if (arguments.has("out")) {
    create_folder(arguments.text("out"));
  }
  const int jobs = arguments.has("jobs")
                       ? static_cast<int>(arguments.integer("jobs", 1, 1024))
                       : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  const bool shown = isatty(STDERR_FILENO) != 0;
  const std::vector<ValidationResult> results =
      run_validation(rows, jobs, [shown](int done, int total) {
        if (shown) {
          fmt::print(stderr, "\r\033[K{} of {} runs", done, total);
        }
      });
  if (shown) {
    fmt::print(stderr, "\r\033[K");
  }
  fmt::print("{}", validation_text(results));
  if (arguments.has("out")) {
    const std::filesystem::path folder = arguments.text("out");
    write_file((folder / "validation.json").string(), validation_json(results));
    write_file((folder / "validation.html").string(), validation_html(results));
  }
  const bool passed = std::all_of(results.begin(), results.end(), [](const auto& result) {
    return result.state == ValidationResult::State::Explained || result.passed();
  });
  return passed ? 0 : 1;
}

}  // namespace

Command validate_command() {
  using Kind = Option::Kind;
  return {{"validate",
           "validate [options]",
           "compare simulated with published times\n"
           "Runs the workloads of models/validation/table.toml; exit code 1 when a row is outside "
           "its tolerance.",
           {},
           {{"rows,r", Kind::List, "ID", "only rows whose id begins with ID; may be repeated"},
            {"jobs,j", Kind::Text, "N", "runs at a time (default: one per processor)"},
            {"out,o", Kind::Text, "DIR", "write validation.json and validation.html there"},
            {"set,s", Kind::List, "NAME=VALUE", "change a parameter in every row"},
            {"table", Kind::Text, "FILE", "another table"}}},
          execute};
}

}  // namespace nsim::tool
