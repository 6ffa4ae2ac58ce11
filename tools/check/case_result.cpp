// SPDX-License-Identifier: Apache-2.0
#include "tools/check/case_result.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>

#include "sim/base/error.h"
#include "sim/base/words.h"
#include "tools/check/run_events.h"
#include "tools/compare/difference.h"
#include "tools/run_directory.h"

namespace nsim::tool {
namespace {

/// The last lines of what the run printed.
std::vector<std::string> log_end(const std::string& folder) {
  constexpr std::size_t kLines = 8;
  std::ifstream file(folder + "/log");
  std::deque<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    lines.push_back("log: " + line);
    if (lines.size() > kLines) {
      lines.pop_front();
    }
  }
  return {lines.begin(), lines.end()};
}

/// "; did you mean 'total_time'?", of the names that the run's results have.
std::string suggestion(const std::string& wrong, const ResultEntry& results) {
  std::vector<std::string> names{"time"};
  for (const auto& [name, amount] : results.numbers) {
    names.push_back(name);
  }
  const std::string near = nearest_name(wrong, names);
  return near.empty() ? "" : fmt::format("; did you mean '{}'?", near);
}

void judge_numbers(const CheckCase& one, CaseResult& result) {
  const auto value_of = [&](const std::string& name) -> std::optional<Value> {
    const std::string field = name == "time" ? "time_per_request_ns" : name;
    const auto number = result.results.numbers.find(field);
    if (number != result.results.numbers.end()) {
      return Value::of(number->second.number);
    }
    const auto text = result.results.texts.find(field);
    return text == result.results.texts.end() ? std::nullopt
                                              : std::optional(Value::of(text->second));
  };
  for (const Expression& expression : one.expect) {
    try {
      if (expression.holds(value_of)) {
        continue;
      }
      std::string values;
      for (const Expression::Name& name : expression.names()) {
        const std::optional<Value> value = value_of(name.name);
        values += fmt::format("{}{} is {}", values.empty() ? "" : ", ", name.name,
                              !value           ? "nothing"
                              : value->is_text ? value->text
                                               : fmt::format("{:.9g}", value->number));
      }
      result.failures.push_back(fmt::format("expected {}: {}", expression.text(), values));
    } catch (const UserError& error) {
      const auto& names = expression.names();
      const auto missing = std::find_if(names.begin(), names.end(),
                                        [&](const auto& name) { return !value_of(name.name); });
      result.failures.push_back(
          fmt::format("expected {}: {}{}", expression.text(), error.what(),
                      missing == names.end() ? "" : suggestion(missing->name, result.results)));
    }
  }
}

void judge_trace(const CheckCase& one, const std::string& folder, CaseResult& result) {
  if (one.trace.empty()) {
    return;
  }
  RunEvents events(folder);
  for (const Expectation& expectation : one.trace) {
    try {
      const Verdict verdict = judge(expectation, events);
      if (!verdict.holds) {
        result.failures.push_back(fmt::format("expected {}: {}", expectation.text, verdict.found));
      }
    } catch (const UserError& error) {
      result.failures.push_back(fmt::format("expected {}: {}", expectation.text, error.what()));
    }
  }
}

void explain_change(const ResultEntry& golden, CaseResult& result) {
  const SetDifference difference = compare({ResultSet::Kind::Golden, "golden", {golden}},
                                           {ResultSet::Kind::Golden, "run", {result.results}});
  constexpr std::size_t kShown = 5;
  for (const EntryDifference& entry : difference.entries) {
    for (const std::vector<TimeShift>* shifts : {&entry.work, &entry.waits}) {
      for (std::size_t i = 0; i < shifts->size() && i < kShown; ++i) {
        const TimeShift& shift = (*shifts)[i];
        result.details.push_back(
            fmt::format("{}{}  {}", shift.ns > 0 ? "+" : "", time_text(shift.ns), shift.what));
      }
    }
  }
}

void judge_golden(const CheckCase& one, const ResultEntry* golden, CaseResult& result) {
  bool changed = false;
  for (const std::string& field : one.golden) {
    const auto now = result.results.numbers.find(field);
    if (now == result.results.numbers.end()) {
      result.golden_failures.push_back(fmt::format("golden {}: the run has no such number{}", field,
                                                   suggestion(field, result.results)));
      continue;
    }
    const auto before = golden == nullptr ? now : golden->numbers.find(field);
    if (golden == nullptr || before == golden->numbers.end()) {
      result.golden_failures.push_back(
          fmt::format("golden {}: nothing is recorded yet (--update does)", field));
      continue;
    }
    const double larger = std::max(std::abs(before->second.number), std::abs(now->second.number));
    const double difference = std::abs(now->second.number - before->second.number);
    if (difference > one.tolerance * larger) {
      changed = true;
      result.golden_failures.push_back(
          fmt::format("golden {}: {} -> {} ({:+.3f} %, allowed {:.3f} %)", field,
                      amount_text(before->second), amount_text(now->second),
                      100 * (now->second.number - before->second.number) /
                          (before->second.number != 0 ? before->second.number : larger),
                      100 * one.tolerance));
    }
  }
  if (changed) {
    explain_change(*golden, result);
  }
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        // Control characters have no place in XML 1.0.
        out += static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' ? '?' : c;
    }
  }
  return out;
}

}  // namespace

std::vector<std::string> CaseResult::lines() const {
  std::vector<std::string> all = failures;
  all.insert(all.end(), golden_failures.begin(), golden_failures.end());
  all.insert(all.end(), details.begin(), details.end());
  return all;
}

CaseResult judge_case(const CheckCase& one, const std::string& folder, int status,
                      const std::string& problem, const ResultEntry* golden) {
  CaseResult result;
  result.name = one.name;
  if (!problem.empty() && status != one.status) {
    result.failures.push_back(
        one.status == 0 ? problem : fmt::format("{}, expected was {}", problem, one.status));
  } else if (status != one.status) {
    result.failures.push_back(fmt::format("it ended with {}, expected was {}", status, one.status));
  }
  if (!result.passed()) {
    result.details = log_end(folder);
    return result;
  }
  if (one.expect.empty() && one.trace.empty() && one.golden.empty()) {
    return result;  // only the status was asked for
  }
  try {
    result.results = read_result_set(folder, false).entries.front();
    result.results.name = one.name;
    result.ran = true;
    judge_numbers(one, result);
    judge_trace(one, folder, result);
    judge_golden(one, golden, result);
  } catch (const UserError& error) {
    result.failures.emplace_back(error.what());
    result.details = log_end(folder);
  }
  return result;
}

std::string text_of(const CaseResult& result) {
  std::string out = fmt::format("  {:<6} {}\n", result.passed() ? "ok" : "FAILED", result.name);
  for (const std::string& line : result.passed() ? std::vector<std::string>{} : result.lines()) {
    out += fmt::format("           {}\n", line);
  }
  return out;
}

std::string tap_text(const std::vector<CaseResult>& results) {
  std::string out = fmt::format("TAP version 13\n1..{}\n", results.size());
  for (std::size_t i = 0; i < results.size(); ++i) {
    std::string name = results[i].name;
    for (char& c : name) {
      c = c == '#' || c == '\n' ? ' ' : c;  // would start a directive
    }
    out += fmt::format("{} {} - {}\n", results[i].passed() ? "ok" : "not ok", i + 1, name);
    for (const std::string& line :
         results[i].passed() ? std::vector<std::string>{} : results[i].lines()) {
      out += fmt::format("# {}\n", line);
    }
  }
  return out;
}

std::string junit_text(const CheckSuite& suite, const std::vector<CaseResult>& results) {
  std::size_t failed = 0;
  std::string cases;
  for (const CaseResult& result : results) {
    cases += fmt::format("  <testcase classname=\"{}\" name=\"{}\" time=\"{:.3f}\"",
                         escaped(suite.name), escaped(result.name), result.seconds);
    if (result.passed()) {
      cases += "/>\n";
      continue;
    }
    ++failed;
    cases += fmt::format(">\n    <failure message=\"{}\">", escaped(result.lines().front()));
    for (const std::string& line : result.lines()) {
      cases += escaped(line) + "\n";
    }
    cases += "</failure>\n  </testcase>\n";
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"{}\" tests=\"{}\" "
      "failures=\"{}\" errors=\"0\">\n{}</testsuite>\n",
      escaped(suite.name), results.size(), failed, cases);
}

}  // namespace nsim::tool
