// SPDX-License-Identifier: Apache-2.0
#include "tools/validation_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <nlohmann/json.hpp>

namespace nsim::tool {
namespace {

using State = ValidationResult::State;

ErrorTotals totals(const std::vector<const ValidationResult*>& results) {
  ErrorTotals out;
  out.rows = static_cast<int>(results.size());
  std::vector<double> errors;
  for (const ValidationResult* result : results) {
    out.failed += result->passed() ? 0 : 1;
    if (result->state != State::Run) {
      continue;
    }
    const double error = std::abs(result->error());
    errors.push_back(error);
    out.mean += error;
    if (error >= out.worst) {
      out.worst = error;
      out.worst_id = result->row->id;
    }
  }
  if (errors.empty()) {
    return out;
  }
  std::sort(errors.begin(), errors.end());
  const std::size_t half = errors.size() / 2;
  out.median = errors.size() % 2 == 1 ? errors[half] : (errors[half - 1] + errors[half]) / 2;
  out.mean /= static_cast<double>(errors.size());
  return out;
}

std::string group_of(const ValidationResult& result) {
  if (result.state == State::Explained) {
    return "explained";
  }
  if (result.row->is_fitted()) {
    return "fitted";
  }
  return result.row->weak() ? "weak" : "check";
}

std::string verdict(const ValidationResult& result) {
  switch (result.state) {
    case State::Explained:
      return "not run";
    case State::Failed:
      return "FAILED";
    case State::Run:
      break;
  }
  return result.passed() ? "pass" : "FAIL";
}

std::string quantity(double value) {
  return fmt::format("{:.5g}", value);
}

std::string percent(double fraction) {
  return fmt::format("{:+.1f} %", fraction * 100);
}

std::string totals_line(const char* name, const ErrorTotals& t) {
  if (t.rows == 0) {
    return "";
  }
  if (t.worst_id.empty()) {
    return fmt::format("  {:<7} {:>3} rows, none of which has a result\n", name, t.rows);
  }
  return fmt::format(
      "  {:<7} {:>3} rows, {} outside tolerance; error: median {:.1f} %, mean {:.1f} %, worst "
      "{:.1f} % ({})\n",
      name, t.rows, t.failed, t.median * 100, t.mean * 100, t.worst * 100, t.worst_id);
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

nlohmann::json json_of(const ErrorTotals& t) {
  return {{"rows", t.rows},     {"outside_tolerance", t.failed},
          {"median", t.median}, {"mean", t.mean},
          {"worst", t.worst},   {"worst_id", t.worst_id}};
}

constexpr const char* kStyle = R"(
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; font-weight: 600; padding: .5rem 0; }
th, td { padding: .3rem .6rem; text-align: left; vertical-align: top; border-bottom: 1px solid #8884; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.pass { color: #18733a; } .fail { color: #b3261e; font-weight: 600; }
@media (prefers-color-scheme: dark) { .pass { color: #7bd99b; } .fail { color: #ff8a80; } }
)";

std::string html_totals(const ValidationTotals& all) {
  std::string out =
      "<table><caption>Errors by group</caption><tr><th>group</th><th class=n>rows</th>"
      "<th class=n>outside tolerance</th><th class=n>median</th><th class=n>mean</th>"
      "<th class=n>worst</th></tr>\n";
  const std::pair<const char*, const ErrorTotals*> groups[] = {
      {"fitted: parameters or a schedule were chosen with these", &all.fitted},
      {"check: nothing was chosen with these", &all.check},
      {"weak: as check, but the figure is dated or third-party", &all.weak}};
  for (const auto& [name, group] : groups) {
    const ErrorTotals& t = *group;
    if (t.worst_id.empty()) {
      continue;  // no result, no error
    }
    out += fmt::format(
        "<tr><td>{}</td><td class=n>{}</td><td class=n>{}</td><td class=n>{:.1f} %</td>"
        "<td class=n>{:.1f} %</td><td class=n>{:.1f} % ({})</td></tr>\n",
        name, t.rows, t.failed, t.median * 100, t.mean * 100, t.worst * 100, escaped(t.worst_id));
  }
  return out + "</table>\n";
}

std::string html_row(const ValidationResult& result) {
  const ValidationRow& row = *result.row;
  const bool run = result.state == State::Run;
  std::string remark = escaped(row.note);
  if (!row.fitted.empty()) {
    remark += fmt::format("{}Fitted on it: {}.", remark.empty() ? "" : " ",
                          escaped(fmt::format("{}", fmt::join(row.fitted, ", "))));
  }
  if (!row.schedule_from.empty()) {
    remark +=
        fmt::format("{}Its schedule was read off {}.", remark.empty() ? "" : " ",
                    row.schedule_from == row.id ? "this figure"
                                                : "the figure of " + escaped(row.schedule_from));
  }
  if (!result.problem.empty()) {
    remark = escaped(result.problem) + ". " + remark;
  }
  return fmt::format(
      "<tr><td>{}</td><td>{}<br><small>{}</small></td><td>{}</td><td class=n>{}{} {}</td>"
      "<td class=n>{}</td><td class=n>{}</td><td class=n>{}</td><td class=\"{}\">{}</td>"
      "<td>{}</td></tr>\n",
      escaped(row.id), escaped(row.title), escaped(row.source), escaped(row.config),
      row.bound ? "&le; " : "", quantity(row.published), escaped(row.unit),
      run ? quantity(result.simulated) : "", run ? percent(result.error()) : "",
      run ? fmt::format("{:.0f} %", row.tolerance * 100) : "",
      result.passed() ? "pass" : (result.state == State::Explained ? "" : "fail"), verdict(result),
      remark);
}

}  // namespace

double ValidationResult::error() const {
  const double relative = (simulated - row->published) / row->published;
  return row->bound ? std::max(0.0, relative) : relative;
}

bool ValidationResult::passed() const {
  return state == State::Run && std::abs(error()) <= row->tolerance;
}

ValidationTotals totals_of(const std::vector<ValidationResult>& results) {
  const auto of = [&](const char* group) {
    std::vector<const ValidationResult*> members;
    for (const ValidationResult& result : results) {
      if (group_of(result) == group) {
        members.push_back(&result);
      }
    }
    return totals(members);
  };
  return {of("fitted"), of("check"), of("weak")};
}

std::string validation_text(const std::vector<ValidationResult>& results) {
  std::string out = fmt::format("{:<14} {:<9} {:>11} {:>11} {:<7} {:>9}  {:<8} {}\n", "id", "group",
                                "published", "simulated", "unit", "error", "", "what");
  for (const ValidationResult& result : results) {
    const ValidationRow& row = *result.row;
    const bool run = result.state == State::Run;
    out += fmt::format("{:<14} {:<9} {:>11} {:>11} {:<7} {:>9}  {:<8} {}\n", row.id,
                       group_of(result), (row.bound ? "<= " : "") + quantity(row.published),
                       run ? quantity(result.simulated) : "-", row.unit,
                       run ? percent(result.error()) : "-", verdict(result),
                       result.problem.empty() ? row.title : result.problem);
  }
  const ValidationTotals all = totals_of(results);
  return out + "\n" + totals_line("fitted", all.fitted) + totals_line("check", all.check) +
         totals_line("weak", all.weak);
}

std::string validation_json(const std::vector<ValidationResult>& results) {
  nlohmann::json rows = nlohmann::json::array();
  for (const ValidationResult& result : results) {
    const ValidationRow& row = *result.row;
    nlohmann::json entry{{"id", row.id},
                         {"title", row.title},
                         {"config", row.config},
                         {"group", group_of(result)},
                         {"kind", row.kind},
                         {"confidence", row.confidence},
                         {"unit", row.unit},
                         {"published", row.published},
                         {"bound", row.bound},
                         {"fitted", row.fitted},
                         {"schedule_from", row.schedule_from},
                         {"source", row.source},
                         {"note", row.note},
                         {"verdict", verdict(result)}};
    if (result.state == State::Run) {
      entry["simulated"] = result.simulated;
      entry["error"] = result.error();
      entry["tolerance"] = row.tolerance;
    }
    if (!result.problem.empty()) {
      entry["problem"] = result.problem;
    }
    rows.push_back(std::move(entry));
  }
  const ValidationTotals all = totals_of(results);
  const nlohmann::json document{{"rows", rows},
                                {"totals",
                                 {{"fitted", json_of(all.fitted)},
                                  {"check", json_of(all.check)},
                                  {"weak", json_of(all.weak)}}}};
  return document.dump(2) + "\n";
}

std::string validation_html(const std::vector<ValidationResult>& results) {
  std::string out = fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>neuronsim: simulated against published</title><style>{}</style></head><body>\n"
      "<h1>Simulated against published</h1>\n",
      kStyle);
  out += html_totals(totals_of(results));
  out +=
      "<div class=scroll><table><caption>Rows</caption><tr><th>id</th><th>what</th>"
      "<th>device</th><th class=n>published</th><th class=n>simulated</th><th class=n>error</th>"
      "<th class=n>tolerance</th><th>result</th><th>remarks</th></tr>\n";
  for (const ValidationResult& result : results) {
    out += html_row(result);
  }
  return out + "</table></div></body></html>\n";
}

}  // namespace nsim::tool
