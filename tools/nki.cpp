// SPDX-License-Identifier: Apache-2.0
// nsim nki: a kernel out of a Python file on the simulated device, and what every line of it took.
//
// Data flow: command line -> order (JSON) -> Python process `-m nki._command` with our package and
// library -> run directory (summary, traces, critical path, kernel.json) -> run_report() -> text.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "sim/base/error.h"
#include "tools/command.h"
#include "tools/device.h"
#include "tools/device_environment.h"
#include "tools/installation.h"
#include "tools/process_pool.h"
#include "tools/report/kernel_report.h"
#include "tools/report/run_report.h"
#include "tools/run_directory.h"
#include "tools/run_record.h"
#include "tools/temporary_folder.h"

namespace nsim::tool {
namespace {

namespace fs = std::filesystem;

void check_options(const Arguments& arguments) {
  check_device(arguments, "trn3");
  arguments.either("numerics", "on", "off");
  arguments.either("clock", "step", "free");
  if (arguments.has("check") && arguments.text("numerics") == "off") {
    throw UserError("--check needs numerics; run with --numerics on");
  }
  for (const char* option : {"rtol", "atol"}) {
    if (arguments.has(option) && !arguments.has("check")) {
      throw UserError(fmt::format("--{} needs --check: it says how exact that is", option));
    }
  }
  if (!arguments.has("out")) {
    for (const char* option : {"record", "no-trace"}) {
      if (arguments.has(option)) {
        throw UserError(fmt::format("--{} needs --out: it is about that directory", option));
      }
    }
  }
}

/// What nki._command is to do, as JSON.
std::string order(const Arguments& arguments, const std::string& out) {
  const nlohmann::json order{{"kernel", arguments.text("FILE.py:KERNEL")},
                             {"args", arguments.list("arg")},
                             {"grid", arguments.text("grid")},
                             {"check", arguments.text("check")},
                             {"rtol", arguments.text("rtol")},
                             {"atol", arguments.text("atol")},
                             {"numerics", arguments.text("numerics")},
                             {"trace", !arguments.flag("no-trace")},
                             {"container", arguments.has("out")},
                             {"out", out}};
  return order.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// The device is chosen as for every program that links against libnrt.
void set_environment(const Arguments& arguments) {
  prepend_path("PYTHONPATH", python_packages());
  setenv("PYTHONSAFEPATH", "1", 1);  // a file nki.py in this directory is not the package
  setenv("NSIM_LIBRARY", (library_directory() + "/libnrt.so.1").c_str(), 1);
  if (std::getenv("NEURON_RT_LOG_LEVEL") == nullptr) {
    setenv("NEURON_RT_LOG_LEVEL_NRT", "QUIET", 0);  // it says once more what the error says
  }
  set_device_environment(arguments);
}

/// kernel.json of the run. Throws UserError for what the kernel or its arguments have wrong.
nlohmann::json run_kernel(const Arguments& arguments, const std::string& out) {
  set_environment(arguments);
  const std::vector<std::string> words{python_program(), "-B", "-m", "nki._command",
                                       order(arguments, out)};
  const bool json = arguments.flag("json");
  ProcessPool pool(1);
  pool.start(0, [&](std::string&) {
    if (json) {
      dup2(STDERR_FILENO, STDOUT_FILENO);  // what the kernel prints is no JSON
    }
    become(words);
    return 127;
  });
  const ProcessPool::Ended ended = pool.wait();
  const std::string result = out + "/kernel.json";
  if (!fs::exists(result)) {
    throw UserError(
        fmt::format("the kernel was not run: {} ended without a result ({}); it needs "
                    "numpy",
                    python_program(), ended.problem()));
  }
  return read_json_object(result);
}

/// Prints the report, and leaves it in the directory when that is kept.
void report(const Arguments& arguments, const std::string& out) {
  const nlohmann::json summary = read_summary(out);
  nlohmann::ordered_json document = run_report(out, summary, read_timeline(out, summary));
  const std::string text =
      document.at("kernel").is_null() ? report_text(document) : kernel_text(document);
  const std::string json =
      document.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  if (arguments.has("out")) {
    write_file(out + "/report.txt", text);
    write_file(out + "/report.json", json);
  }
  if (!arguments.flag("quiet")) {
    std::cout << (arguments.flag("json") ? json : text) << std::flush;
  }
}

/// The exit status; `error` says in one line what failed.
int run(const Arguments& arguments, const std::string& out, std::string& error) {
  const nlohmann::json result = run_kernel(arguments, out);
  const int status = result.at("status");
  error = result.at("error");
  if (status == 0 || !result.at("checks").empty()) {
    report(arguments, out);
  }
  if (status > 1) {
    throw UserError(error);
  }
  if (status == 1) {
    fmt::print(stderr, "error: {}\n", error);
  }
  return status;
}

int execute(const Arguments& arguments) {
  check_options(arguments);
  if (!arguments.has("out")) {
    const TemporaryFolder folder("nsim_nki");
    std::string error;
    return run(arguments, folder.path(), error);
  }
  const std::string out = arguments.text("out");
  return record_run(out, "nki", arguments.words, arguments.flag("record"), [&](std::string& error) {
    return run(arguments, fs::absolute(out).lexically_normal().string(), error);
  });
}

}  // namespace

Command nki_command() {
  using Kind = Option::Kind;
  std::vector<Option> options = config_options();
  options.insert(
      options.end(),
      {{"arg,a", Kind::List, "NAME=VALUE",
        "an argument: a tensor as SHAPE:TYPE[:FILL] (x=128x512:bf16, FILL: zeros, ones, arange, "
        "randn[:SEED], uniform[:SEED] or a number) or @FILE.npy[:TYPE]; else a number, true, none, "
        "nl.NAME, a tuple or a word; may be repeated"},
       {"grid,g", Kind::Text, "N[,N...]", "what stands in kernel[...]; nc2 counts cores"},
       {"check", Kind::Text, "EXPR|FILE.py:FUNCTION",
        "compare the outputs with a numpy expression of the arguments, or with what a function "
        "returns for them; exit 1 when they differ"},
       {"rtol", Kind::Text, "R", "with --check: so much of each expected value may be wrong"},
       {"atol", Kind::Text, "A",
        "with --check: and so much in any case (default: rounding of the types involved)"},
       {"numerics", Kind::Text, "on|off", "compute results, or only times"},
       {"clock", Kind::Text, "step|free", "coupling of host and device time (default: step)"},
       {"out,o", Kind::Text, "DIR",
        "leave the report, summary.json, traces and the program's container there"},
       {"json", Kind::Flag, "", "print the report as JSON"},
       {"no-trace", Kind::Flag, "", "with --out: leave the traces out, and source lines with them"},
       {"record", Kind::Flag, "", "with --out: print nothing; leave a log there"},
       {"quiet,q", Kind::Flag, "", "no report"}});
  return {{"nki",
           "nki FILE.py:KERNEL [options]",
           "run an NKI kernel and say what each of its source lines took\n"
           "The device is --config's, else as for every kernel (docs/nki.md). Exit code 1 when "
           "--check does not pass.",
           {"FILE.py:KERNEL"},
           options},
          execute};
}

}  // namespace nsim::tool
