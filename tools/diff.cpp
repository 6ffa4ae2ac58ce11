// SPDX-License-Identifier: Apache-2.0
// nsim diff: two runs, sweeps or golden files, field by field.
#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "sim/base/error.h"
#include "sim/base/words.h"
#include "tools/command.h"
#include "tools/compare/difference.h"
#include "tools/why/critical_path.h"

namespace nsim::tool {
namespace {

double tolerance_of(const Arguments& arguments) {
  const std::string text = arguments.text("tolerance");
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value >= 0 && value <= 1)) {
    throw UserError(
        fmt::format("--tolerance: '{}' is not a number from 0 to 1 (0.01 is 1 %)", text));
  }
  return value;
}

std::string signed_percent(const Difference& one) {
  if (one.before.unit == "%") {
    return fmt::format("{:+.2f} points", one.after.number - one.before.number);
  }
  return one.before.number == 0
             ? "new"
             : fmt::format("{:+.2f} %", 100 * (one.after.number / one.before.number - 1));
}

void print_shifts(const char* title, const std::vector<TimeShift>& shifts, std::size_t most) {
  if (shifts.empty()) {
    return;
  }
  fmt::print("  {}\n", title);
  for (std::size_t i = 0; i < shifts.size() && i < most; ++i) {
    const std::string shift = time_text(shifts[i].ns);
    fmt::print("    {:>13}  {}\n", shifts[i].ns > 0 ? "+" + shift : shift, shifts[i].what);
  }
}

/// Of the last request, when both runs recorded its critical path.
std::vector<PathShift> path_shifts(const std::string& before, const std::string& after) {
  if (!has_critical_path(before) || !has_critical_path(after)) {
    return {};
  }
  return shifts_between(read_critical_path(before, 0), read_critical_path(after, 0));
}

void print_path(const std::vector<PathShift>& shifts, std::size_t most) {
  if (!shifts.empty()) {
    fmt::print("  the critical path of the last request\n");
  }
  for (std::size_t i = 0; i < shifts.size() && i < most; ++i) {
    const double ns = static_cast<double>(shifts[i].time) / kNanosecond;
    fmt::print("    {:>13}  {}: {}, waiting for {}\n", (ns > 0 ? "+" : "") + time_text(ns),
               shifts[i].where, shifts[i].what, shifts[i].waits);
  }
}

void print_entry(const EntryDifference& entry, double tolerance, std::size_t most) {
  if (!entry.name.empty()) {
    fmt::print("{}\n", entry.name);
  }
  for (const Difference& one : entry.fields) {
    if (one.field == "time_per_request_ns" || one.field == "request_ps") {
      fmt::print("  time of a request: {} -> {} ({})\n", amount_text(one.before),
                 amount_text(one.after), signed_percent(one));
    }
  }
  print_shifts("what takes another time, per request and core", entry.work, most);
  print_shifts("what engines wait for", entry.waits, most);
  if (!entry.fields.empty()) {
    fmt::print("  {}, the largest first\n",
               counted(static_cast<std::int64_t>(entry.fields.size()), "field") +
                   (entry.fields.size() == 1 ? " differs" : " differ"));
  }
  std::size_t shown = 0;
  for (const Difference& one : entry.fields) {
    if (shown++ == most) {
      fmt::print("      ... and {} more (--all)\n", entry.fields.size() - most);
      break;
    }
    fmt::print("    {:>14}  {:<46} {} -> {}{}\n", signed_percent(one), one.field,
               amount_text(one.before), amount_text(one.after),
               one.size > tolerance ? "" : "   (within tolerance)");
  }
  for (const std::string& text : entry.texts) {
    fmt::print("    {:>14}  {}\n", "text", text);
  }
}

void print_text(const SetDifference& difference, double tolerance, std::size_t most) {
  if (difference.entries.empty() && difference.within(0)) {
    fmt::print("no difference in {}\n",
               counted(static_cast<std::int64_t>(difference.compared), "result"));
    return;
  }
  std::size_t shown = 0;
  for (const EntryDifference& entry : difference.entries) {
    if (shown++ == most) {
      fmt::print("... and {} more results that differ (--all)\n", difference.entries.size() - most);
      break;
    }
    print_entry(entry, tolerance, most);
  }
  for (const std::string& name : difference.only_before) {
    fmt::print("only in the first: {}\n", name);
  }
  for (const std::string& name : difference.only_after) {
    fmt::print("only in the second: {}\n", name);
  }
}

nlohmann::ordered_json json_of(const std::vector<TimeShift>& shifts) {
  nlohmann::ordered_json out = nlohmann::ordered_json::array();
  for (const TimeShift& shift : shifts) {
    out.push_back({{"ns", shift.ns}, {"what", shift.what}});
  }
  return out;
}

void print_json(const SetDifference& difference, const std::vector<PathShift>& path,
                double tolerance) {
  nlohmann::ordered_json entries = nlohmann::ordered_json::array();
  for (const EntryDifference& entry : difference.entries) {
    nlohmann::ordered_json fields = nlohmann::ordered_json::array();
    for (const Difference& one : entry.fields) {
      fields.push_back({{"field", one.field},
                        {"unit", one.after.unit},
                        {"before", one.before.number},
                        {"after", one.after.number},
                        {"size", one.size}});
    }
    entries.push_back({{"name", entry.name},
                       {"fields", fields},
                       {"texts", entry.texts},
                       {"work", json_of(entry.work)},
                       {"waits", json_of(entry.waits)}});
  }
  nlohmann::ordered_json shifts = nlohmann::ordered_json::array();
  for (const PathShift& shift : path) {
    shifts.push_back({{"ps", shift.time},
                      {"what", shift.what},
                      {"where", shift.where},
                      {"waiting_for", shift.waits}});
  }
  const nlohmann::ordered_json out{{"within_tolerance", difference.within(tolerance)},
                                   {"compared", difference.compared},
                                   {"only_before", difference.only_before},
                                   {"only_after", difference.only_after},
                                   {"entries", entries},
                                   {"critical_path", shifts}};
  fmt::print("{}\n", out.dump(2));
}

int execute(const Arguments& arguments) {
  const double tolerance = tolerance_of(arguments);
  const bool statistics = arguments.flag("statistics");
  const ResultSet before = read_result_set(arguments.text("A"), statistics);
  const ResultSet after = read_result_set(arguments.text("B"), statistics);
  const SetDifference difference = compare(before, after);
  const std::vector<PathShift> path = path_shifts(arguments.text("A"), arguments.text("B"));
  constexpr std::size_t kShown = 12;
  if (arguments.either("format", "text", "json") == "json") {
    print_json(difference, path, tolerance);
  } else {
    const std::size_t most = arguments.flag("all") ? SIZE_MAX : kShown;
    print_path(path, most);
    print_text(difference, tolerance, most);
  }
  return difference.within(tolerance) ? 0 : 1;
}

}  // namespace

Command diff_command() {
  using Kind = Option::Kind;
  return {{"diff",
           "diff A B [options]",
           "what changed between two runs, sweeps or golden files, and which instructions explain "
           "it\n"
           "A and B are directories of runs (or a summary.json), of sweeps, or golden files. Exit "
           "code 1 when a field differs by more than the tolerance.",
           {"A", "B"},
           {{"tolerance,t", Kind::Text, "F",
             "largest difference allowed, relative; of percentages, in points / 100", "0"},
            {"statistics", Kind::Flag, "", "compare every statistic of the hardware too"},
            {"all,a", Kind::Flag, "", "print every difference, not the largest"},
            {"format,f", Kind::Text, "text|json", "how it is printed", "text"}}},
          execute};
}

}  // namespace nsim::tool
