// SPDX-License-Identifier: Apache-2.0
// nsim why: what the time of a request was spent on, what a faster resource would bring, and what
// is usually wrong.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "sim/base/error.h"
#include "sim/base/words.h"
#include "tools/command.h"
#include "tools/device.h"
#include "tools/numbers.h"
#include "tools/run_directory.h"
#include "tools/why/findings.h"
#include "tools/why/ideal.h"

namespace nsim::tool {
namespace {

using Json = nlohmann::ordered_json;

std::string percent_of(SimTime part, SimTime whole) {
  return fmt::format(
      "{:.1f} %", whole > 0 ? 100 * static_cast<double>(part) / static_cast<double>(whole) : 0.0);
}

/// In the timeline, whose unit is the nanosecond.
std::string range_text(SimTime from, SimTime to) {
  return fmt::format("{:.3f} .. {:.3f} us", static_cast<double>(from) / kMicrosecond,
                     static_cast<double>(to) / kMicrosecond);
}

void print_rows(const CriticalPath& path, std::size_t most) {
  const std::vector<PathRow> rows = rows_of(path);
  fmt::print("  {:>8} {:>11} {:>6}  {:<22} {:<20} {:<36} {}\n", "share", "time", "times", "what",
             "where", "waiting for", "longest at");
  SimTime others = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const PathRow& row = rows[i];
    if (i >= most) {
      others += row.time;
      continue;
    }
    fmt::print("  {:>8} {:>11} {:>6}  {:<22} {:<20} {:<36} {}\n", percent_of(row.time, path.time()),
               time_text(nanoseconds(row.time)), row.count, row.what, row.where, row.waits,
               range_text(row.longest->from, row.longest->to));
  }
  if (others > 0) {
    fmt::print("  {:>8} {:>11} {:>6}  {} more rows (--all)\n", percent_of(others, path.time()),
               time_text(nanoseconds(others)), "", rows.size() - most);
  }
  fmt::print("  {:>8} {:>11}         from doorbell to interrupt\n", "100.0 %",
             time_text(nanoseconds(path.time())));
}

void print_segments(const CriticalPath& path) {
  for (const CriticalSegment& segment : path.segments) {
    fmt::print("  {:>26}  {:>11}  {:<22} {:<20} {}{}{}\n", range_text(segment.from, segment.to),
               time_text(nanoseconds(segment.to - segment.from)), segment.what, segment.where,
               segment.waits, segment.line > 0 ? fmt::format(", line {}", segment.line) : "",
               segment.label.empty() ? "" : ", " + segment.label);
  }
}

double change_of(const Counterfactual& one, const CriticalPath& path) {
  const double change =
      100 * (static_cast<double>(one.time) / static_cast<double>(path.time()) - 1);
  return one.time == path.time() ? 0 : change;
}

void print_counterfactuals(const std::vector<Counterfactual>& all, const CriticalPath& path) {
  fmt::print("\n  if it were infinitely fast (each one run)\n");
  for (const Counterfactual& one : all) {
    if (one.error.empty()) {
      fmt::print("  {:>+7.1f} %  {:<11} {:<40} {}\n", change_of(one, path), one.resource, one.what,
                 time_text(nanoseconds(one.time)));
    } else {
      fmt::print("        ?    {:<11} {:<40} {}\n", one.resource, one.what, one.error);
    }
  }
}

void print_findings(const std::vector<Finding>& findings) {
  fmt::print("\n  findings{}\n", findings.empty() ? ": none" : "");
  for (const Finding& finding : findings) {
    fmt::print("  - {}\n      look at {}{}{}\n", finding.text, finding.track,
               finding.to > 0 ? ", " + range_text(finding.from, finding.to) : "",
               finding.label.empty() ? "" : ", " + finding.label);
  }
}

Json json_of(const CriticalPath& path) {
  Json segments = Json::array();
  for (const CriticalSegment& one : path.segments) {
    segments.push_back({{"from_ps", one.from},
                        {"to_ps", one.to},
                        {"kind", one.kind},
                        {"what", one.what},
                        {"where", one.where},
                        {"waiting_for", one.waits},
                        {"line", one.line},
                        {"label", one.label}});
  }
  Json out{{"unit", path.unit}, {"sequence", path.sequence}};
  if (!path.error.empty()) {
    out["error"] = path.error;
  }
  out.update({{"submitted_ps", path.submitted},
              {"completed_ps", path.completed},
              {"time_ps", path.time()},
              {"segments", segments}});
  return out;
}

void print_json(const CriticalPath& path, const std::vector<Counterfactual>& counterfactuals,
                const std::vector<Finding>& findings) {
  Json out = json_of(path);
  out["counterfactuals"] = Json::array();
  for (const Counterfactual& one : counterfactuals) {
    out["counterfactuals"].push_back({{"resource", one.resource},
                                      {"what", one.what},
                                      {"time_ps", one.time},
                                      {"change_percent", change_of(one, path)},
                                      {"arguments", one.arguments},
                                      {"error", one.error}});
  }
  out["findings"] = Json::array();
  for (const Finding& one : findings) {
    out["findings"].push_back(json_of(one));
  }
  fmt::print("{}\n", out.dump(2));
}

/// The counterfactuals that were asked for; the largest gain first.
std::vector<Counterfactual> counterfactuals_of(const Arguments& arguments,
                                               const std::string& folder, const RunOutcome& run,
                                               const CriticalPath& path) {
  std::vector<IdealResource> resources = ideal_resources(folder + "/resolved.toml");
  const std::vector<std::string> wanted = arguments.list("ideal");
  std::vector<std::string> names;
  for (const IdealResource& resource : resources) {
    names.push_back(resource.name);
  }
  for (const std::string& name : wanted) {
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      throw UserError(fmt::format("--ideal: '{}' is none of {}", name, fmt::join(names, ", ")));
    }
  }
  if (!wanted.empty()) {
    const auto unwanted = [&](const IdealResource& one) {
      return std::find(wanted.begin(), wanted.end(), one.name) == wanted.end();
    };
    resources.erase(std::remove_if(resources.begin(), resources.end(), unwanted), resources.end());
  }
  const long jobs = arguments.integer("jobs", 1, 1024);
  std::vector<Counterfactual> all =
      run_counterfactuals(folder, run, resources, path, static_cast<int>(jobs));
  std::stable_sort(all.begin(), all.end(), [](const Counterfactual& a, const Counterfactual& b) {
    return a.time < b.time;
  });
  return all;
}

/// Which requests of compute units failed, for --request, unless one of them is shown.
void print_failures(const nlohmann::json& summary, const CriticalPath& path) {
  std::vector<std::string> failed;
  std::int64_t number = 0;
  for (const nlohmann::json& request : summary.at("requests")) {
    if (request.at("unit").get<std::string>().find(".compute.") != std::string::npos) {
      ++number;
      if (request.at("status") != 0) {
        failed.push_back(fmt::format("--request {}", number));
      }
    }
  }
  if (path.error.empty() && !failed.empty()) {
    constexpr std::size_t kShown = 5;
    const std::size_t more = failed.size() - std::min(failed.size(), kShown);
    failed.resize(failed.size() - more);
    fmt::print("  requests that failed: {}{}\n", fmt::join(failed, ", "),
               more > 0 ? fmt::format(" and {} more", more) : "");
  }
}

int execute(const Arguments& arguments) {
  const std::string folder = arguments.text("RUN");
  const std::string format = arguments.either("format", "text", "json");
  const nlohmann::json summary = read_summary(folder);
  const std::optional<RunOutcome> run = read_outcome(folder);
  std::string recorded = folder;
  if (!has_critical_path(folder)) {
    if (!run) {
      throw UserError(fmt::format(
          "{} has neither critical_path.jsonl nor run.json: run again with --why", folder));
    }
    recorded = record_again(folder, *run);
  }
  const CriticalPath path = read_critical_path(
      recorded, arguments.has("request") ? arguments.integer("request", 1, 1000000000) : 0);
  const Device device = open_device(folder + "/resolved.toml", {});
  const std::vector<Finding> findings =
      find_causes(summary, hw::Hardware::topology_of(*device.params), path);
  std::vector<Counterfactual> counterfactuals;
  if (run && !arguments.flag("no-ideal")) {
    counterfactuals = counterfactuals_of(arguments, folder, *run, path);
  }
  if (format == "json") {
    print_json(path, counterfactuals, findings);
    return 0;
  }
  fmt::print("{} request {}: {}{}\n", path.unit, path.sequence, time_text(nanoseconds(path.time())),
             path.error.empty() ? "" : fmt::format(", failed with {}", path.error));
  print_failures(summary, path);
  fmt::print("\n");
  constexpr std::size_t kShown = 12;
  if (arguments.flag("segments")) {
    print_segments(path);
  } else {
    print_rows(path, arguments.flag("all") ? SIZE_MAX : kShown);
  }
  if (!counterfactuals.empty()) {
    print_counterfactuals(counterfactuals, path);
  } else if (!run) {
    fmt::print("\n  no counterfactuals: only a run of nsim run or nsim nki can be repeated\n");
  }
  print_findings(findings);
  return 0;
}

}  // namespace

Command why_command() {
  using Kind = Option::Kind;
  return {{"why",
           "why RUN [options]",
           "what a request's time was spent on, what a faster resource would bring, what is wrong\n"
           "RUN is the directory of a run (nsim run --out). A run that did not record what its "
           "requests waited for (--why) is repeated.",
           {"RUN"},
           {{"request,n", Kind::Text, "N",
             "the N-th request of a compute unit, in order of completion (default: the last that "
             "succeeded)"},
            {"segments", Kind::Flag, "", "print every segment in order of time"},
            {"all,a", Kind::Flag, "", "print every row"},
            {"ideal", Kind::List, "RESOURCE",
             "only these resources (configs/ideal/resources.toml); may be repeated"},
            {"no-ideal", Kind::Flag, "", "run nothing"},
            {"jobs,j", Kind::Text, "N", "so many runs at a time", "1"},
            {"format,f", Kind::Text, "text|json", "how it is printed", "text"}}},
          execute};
}

}  // namespace nsim::tool
