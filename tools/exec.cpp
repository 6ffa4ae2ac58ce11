// SPDX-License-Identifier: Apache-2.0
// nsim exec: an unchanged application against our libnrt. Everything travels by environment; the
// library in the other process reads it in nrt_init and writes the report in nrt_close.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "runtime/options.h"
#include "runtime/substitution.h"
#include "sim/base/error.h"
#include "sim/base/words.h"
#include "tools/command.h"
#include "tools/device_environment.h"
#include "tools/installation.h"
#include "tools/process_pool.h"
#include "tools/temporary_folder.h"
#include "tools/wave_options.h"

namespace nsim::tool {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void execute_program(const std::vector<std::string>& program) {
  become(program);
  throw UserError(fmt::format("cannot execute '{}': {}", program[0], std::strerror(errno)));
}

/// The program's exit code; 128 and the signal when one ended it.
int run(const std::vector<std::string>& program) {
  const pid_t child = fork();
  if (child < 0) {
    throw UserError(fmt::format("cannot start '{}': {}", program[0], std::strerror(errno)));
  }
  if (child == 0) {
    try {
      execute_program(program);
    } catch (const UserError& error) {
      fmt::print(stderr, "error: {}\n", error.what());
      std::fflush(nullptr);
      _exit(2);
    }
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// Prints every finding of a session; their number.
std::int64_t print_findings(const std::string& line) {
  const nlohmann::json session = nlohmann::json::parse(line);
  for (const nlohmann::json& finding : session["findings"]) {
    fmt::print(stderr, "client check: {} ({})\n", finding["text"].get<std::string>(),
               counted(finding["count"], "time"));
  }
  return static_cast<std::int64_t>(session["findings"].size());
}

/// Exit code 1 when the checking mode found something in any session of the program, else the
/// program's.
int execute_checked(const Arguments& arguments) {
  const TemporaryFolder folder("nsim_check");
  const std::string report = folder.path() + "/findings.jsonl";
  setenv("NSIM_CHECK", "1", 1);
  setenv("NSIM_CHECK_REPORT", report.c_str(), 1);
  const int code = run(arguments.rest);
  std::ifstream lines(report);
  std::int64_t sessions = 0;
  std::int64_t findings = 0;
  for (std::string line; std::getline(lines, line); ++sessions) {
    findings += print_findings(line);
  }
  if (sessions == 0) {
    fmt::print(stderr,
               "client check: the program left no report: it never called nrt_init, or "
               "ended without its exit handlers\n");
    return code == 0 ? 1 : code;
  }
  fmt::print(stderr, "client check: {} in {}\n", counted(findings, "finding"),
             counted(sessions, "session"));
  return findings == 0 ? code : 1;
}

int execute(const Arguments& arguments) {
  if (arguments.rest.empty()) {
    throw UserError("nsim exec: no program given; usage: nsim exec [options] -- program args");
  }
  check_device(arguments, "");
  set_device_environment(arguments);
  if (arguments.has("substitute")) {
    const std::string map = arguments.text("substitute");
    rt::SubstitutionMap::load(map);  // wrong input is reported here, not in the application
    setenv("NSIM_SUBSTITUTE", fs::absolute(map).c_str(), 1);
  }
  if (arguments.has("faults")) {
    const std::string plan = rt::find_faults(arguments.text("faults"));
    Config config = Config::load(plan);
    hw::take_fault_plan(config);
    setenv("NSIM_FAULTS", fs::absolute(plan).c_str(), 1);
  }
  if (arguments.has("out")) {
    setenv("NSIM_OUT", fs::absolute(arguments.text("out")).c_str(), 1);
  }
  const WaveOptions waves = wave_options(arguments);
  if (!waves.file.empty()) {
    setenv("NSIM_VCD", fs::absolute(waves.file).c_str(), 1);
    setenv("NSIM_SIGNALS", fmt::format("{}", fmt::join(waves.signals, ";")).c_str(), 1);
  }
  if (arguments.flag("why")) {
    if (!arguments.has("out")) {
      throw UserError("--why needs --out: it adds critical_path.jsonl there");
    }
    setenv("NSIM_WHY", "1", 1);
  }
  prepend_path("LD_LIBRARY_PATH", library_directory());

  if (arguments.flag("check")) {
    return execute_checked(arguments);
  }
  execute_program(arguments.rest);
}

}  // namespace

Command exec_command() {
  std::vector<Option> options = config_options();
  options.push_back({"clock", Option::Kind::Text, "free|step",
                     "coupling of host and device time (default: free)"});
  options.push_back(
      {"faults", Option::Kind::Text, "FILE", "fault plan, or the name of a shipped one"});
  options.push_back(
      {"out", Option::Kind::Text, "DIR", "write summary, traces and resolved configuration there"});
  options.insert(options.end(), kWaveOptions.begin(), kWaveOptions.end());
  options.push_back({"why", Option::Kind::Flag, "",
                     "with --out: record what every request waited for, which nsim why shows"});
  options.push_back({"substitute", Option::Kind::Text, "FILE",
                     "substitution map: programs that take the place of real NEFFs"});
  options.push_back({"check", Option::Kind::Flag, "",
                     "look for bugs of the application: exit code 1 when there are any"});
  CommandSpec spec{
      "exec",
      "exec [options] -- program args",
      "run an unchanged application against the simulated device\n"
      "The application's libnrt.so.1 becomes ours; its exit code is passed on, but for --check.",
      {},
      options};
  spec.passes_rest = true;
  return {spec, execute};
}

}  // namespace nsim::tool
