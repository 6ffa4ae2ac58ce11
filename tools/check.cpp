// SPDX-License-Identifier: Apache-2.0
// nsim check: runs of programs and applications, each with what is expected of it.
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "sim/base/error.h"
#include "sim/base/words.h"
#include "tools/check/case_result.h"
#include "tools/check/run_events.h"
#include "tools/command.h"
#include "tools/device.h"
#include "tools/process_pool.h"
#include "tools/run_directory.h"
#include "tools/run_record.h"

namespace nsim::tool {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

/// "name=value" of every --define.
std::map<std::string, std::string> variables_of(const Arguments& arguments) {
  std::map<std::string, std::string> variables;
  for (const std::string& text : arguments.list("define")) {
    const std::size_t equals = text.find('=');
    if (equals == 0 || equals == std::string::npos) {
      throw UserError(fmt::format("--define: '{}' is not name=value", text));
    }
    variables[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return variables;
}

/// In a child process: becomes the case's run, in the suite's folder, with its output in a log.
int start_case(const CheckSuite& suite, const CheckCase& one, const std::string& folder) {
  send_output_to(folder + "/log");
  if (chdir(suite.folder.c_str()) != 0) {
    return 127;
  }
  for (const auto& [name, value] : one.environment) {
    setenv(name.c_str(), value.c_str(), 1);
  }
  alarm(static_cast<unsigned>(one.timeout));
  std::vector<std::string> words{own_program()};
  const std::vector<std::string> arguments = one.arguments(folder);
  words.insert(words.end(), arguments.begin(), arguments.end());
  become(words);
  return 127;
}

struct GoldenFile {
  std::map<std::string, ResultEntry> entries;
  const ResultEntry* of(const std::string& name) const {
    const auto found = entries.find(name);
    return found == entries.end() ? nullptr : &found->second;
  }
};

GoldenFile read_golden(const CheckSuite& suite) {
  GoldenFile golden;
  if (fs::exists(suite.golden_file)) {
    for (ResultEntry& entry : read_result_set(suite.golden_file, false).entries) {
      golden.entries[entry.name] = std::move(entry);
    }
  }
  return golden;
}

/// Prints what changes, and writes the file anew.
void update_golden(const CheckSuite& suite, GoldenFile golden,
                   const std::vector<CaseResult>& results) {
  for (std::size_t i = 0; i < suite.cases.size(); ++i) {
    const CheckCase& one = suite.cases[i];
    if (one.golden.empty() || i >= results.size() || !results[i].ran) {
      continue;
    }
    ResultEntry& entry = golden.entries[one.name];
    for (const std::string& field : one.golden) {
      const auto now = results[i].results.numbers.find(field);
      const auto before = entry.numbers.find(field);
      if (now == results[i].results.numbers.end()) {
        continue;
      }
      if (before == entry.numbers.end()) {
        fmt::print("{}: {} is {} (new)\n", one.name, field, amount_text(now->second));
      } else if (before->second.number != now->second.number) {
        fmt::print("{}: {} {} -> {} ({:+.3f} %)\n", one.name, field, amount_text(before->second),
                   amount_text(now->second),
                   before->second.number != 0
                       ? 100 * (now->second.number / before->second.number - 1)
                       : 100.0);
      }
    }
    entry = results[i].results;
  }
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (const auto& [name, entry] : golden.entries) {
    nlohmann::ordered_json& fields = json[name] = nlohmann::ordered_json::object();
    for (const auto& [field, amount] : entry.numbers) {
      fields[field] = amount.number;
    }
  }
  const std::string text = json.dump(1) + "\n";
  write_file(suite.golden_file, text);
  fmt::print("recorded in {}\n", suite.golden_file);
}

std::vector<CaseResult> run_cases(const CheckSuite& suite, const std::string& out,
                                  const GoldenFile& golden, int jobs) {
  std::vector<CaseResult> results(suite.cases.size());
  std::vector<Clock::time_point> started(suite.cases.size());
  const auto folder_of = [&](std::size_t i) { return out + "/" + suite.cases[i].folder_name; };
  ProcessPool pool(jobs);
  std::size_t next = 0;
  while (next < suite.cases.size() || !pool.empty()) {
    for (; next < suite.cases.size() && !pool.full(); ++next) {
      const std::string folder = folder_of(next);
      fs::remove_all(folder);
      fs::create_directories(folder);
      started[next] = Clock::now();
      pool.start(next, [&](std::string&) { return start_case(suite, suite.cases[next], folder); });
    }
    const ProcessPool::Ended ended = pool.wait();
    const CheckCase& one = suite.cases[ended.job];
    std::string problem = ended.problem();
    if (WIFSIGNALED(ended.status) && WTERMSIG(ended.status) == SIGALRM) {
      problem = fmt::format("it did not end within {} s", one.timeout);
    }
    const int status =
        WIFEXITED(ended.status) ? WEXITSTATUS(ended.status) : 128 + WTERMSIG(ended.status);
    results[ended.job] =
        judge_case(one, folder_of(ended.job), status, problem, golden.of(one.name));
    results[ended.job].seconds =
        std::chrono::duration<double>(Clock::now() - started[ended.job]).count();
  }
  return results;
}

/// Only cases whose name matches.
void select(CheckSuite& suite, const std::string& pattern) {
  const auto other = [&](const CheckCase& one) { return !matches(pattern, one.name); };
  suite.cases.erase(std::remove_if(suite.cases.begin(), suite.cases.end(), other),
                    suite.cases.end());
  if (suite.cases.empty()) {
    throw UserError(fmt::format("--case: no case of {} matches '{}'", suite.path, pattern));
  }
}

int execute(const Arguments& arguments) {
  CheckSuite suite = read_check_suite(arguments.text("SUITE"), variables_of(arguments));
  if (arguments.has("case")) {
    select(suite, arguments.text("case"));
  }
  const std::string out =
      fs::absolute(arguments.has("out") ? arguments.text("out")
                                        : fs::path(suite.path).stem().string() + ".check")
          .lexically_normal()
          .string();
  const GoldenFile golden = read_golden(suite);
  std::vector<CaseResult> results =
      run_cases(suite, out, golden, static_cast<int>(arguments.integer("jobs", 1, 1024)));
  if (arguments.has("junit")) {
    write_file(arguments.text("junit"), junit_text(suite, results));
  }
  if (arguments.has("tap")) {
    write_file(arguments.text("tap"), tap_text(results));
  }
  std::size_t failed = 0;
  if (arguments.flag("update")) {
    update_golden(suite, golden, results);
    for (CaseResult& result : results) {
      result.golden_failures.clear();
    }
  }
  for (const CaseResult& result : results) {
    fmt::print("{}", text_of(result));
    failed += result.passed() ? 0 : 1;
  }
  fmt::print("{}: {}, {} failed; runs in {}\n", suite.name,
             counted(static_cast<std::int64_t>(results.size()), "case"), failed, out);
  return failed == 0 ? 0 : 1;
}

}  // namespace

Command check_command() {
  using Kind = Option::Kind;
  return {{"check",
           "check SUITE [options]",
           "run programs and applications, and check what is expected of them\n"
           "SUITE is a TOML file of cases (docs/checks.md). Exit code 1 when one fails.",
           {"SUITE"},
           {{"jobs,j", Kind::Text, "N", "so many cases at a time", "1"},
            {"out,o", Kind::Text, "DIR", "where runs go (default: the file's name with .check)"},
            {"case,c", Kind::Text, "PATTERN", "only cases whose name matches"},
            {"define,D", Kind::List, "NAME=VALUE", "what ${NAME} in the suite stands for"},
            {"junit", Kind::Text, "FILE", "write the results there as JUnit XML"},
            {"tap", Kind::Text, "FILE", "write the results there in the Test Anything Protocol"},
            {"update", Kind::Flag, "",
             "record the golden fields anew, after printing old, new and percent"}}},
          execute};
}

}  // namespace nsim::tool
