// SPDX-License-Identifier: Apache-2.0
// nsim run: one model or program on a simulated device, through the asynchronous runtime interface.
#include <fmt/format.h>

#include <vector>

#include "models/reference.h"
#include "runtime/report.h"
#include "runtime/session.h"
#include "sim/base/error.h"
#include "sim/numerics/init.h"
#include "tools/command.h"
#include "tools/device_choice.h"
#include "tools/model_run.h"
#include "tools/progress.h"
#include "tools/run_record.h"
#include "tools/wave_options.h"

namespace nsim::tool {
namespace {

/// What the command line says.
struct RunOptions {
  ModelRunOptions run;
  bool check = false;
  bool quiet = false;
};

RunOptions read_options(const Arguments& arguments) {
  RunOptions options;
  options.run.path = arguments.text("MODEL");
  const DeviceNames device = device_for(options.run.path, arguments);
  options.run.config = device.config;
  options.run.set = device.set;
  if (arguments.has("clock")) {
    options.run.set.push_back("clock.mode=" + arguments.text("clock"));
  } else {
    options.run.set.insert(options.run.set.begin(), "clock.mode=step");
  }
  if (arguments.has("numerics")) {
    options.run.set.push_back("instance.numerics=" + arguments.text("numerics"));
  }
  options.run.out = arguments.text("out");
  options.run.faults = arguments.text("faults");
  options.run.trace = !arguments.flag("no-trace");
  options.run.waves = wave_options(arguments);
  options.run.paths = arguments.flag("why");
  if (options.run.paths && options.run.out.empty()) {
    throw UserError("--why needs --out: it adds critical_path.jsonl there");
  }
  options.check = arguments.flag("check");
  options.quiet = arguments.flag("quiet");
  options.run.pipeline.requests = static_cast<int>(arguments.integer("requests", 1, 1000000));
  options.run.pipeline.depth = static_cast<int>(arguments.integer("depth", 1, 1024));
  options.run.cores = static_cast<int>(arguments.integer("cores", 1, 1024));
  options.run.pipeline.transfer_each = arguments.either("transfer", "once", "each") == "each";
  return options;
}

std::vector<float> as_floats(const isa::Tensor& tensor, const std::vector<std::byte>& bytes) {
  std::vector<float> values(static_cast<std::size_t>(tensor.elements()));
  num::load_row(tensor.dtype, bytes.data(), values.data(), values.size());
  return values;
}

/// Compares the device's outputs with the reference; prints one line per output; true when all are
/// within tolerance.
bool check_outputs(const isa::Program& program, const ml::Model& model, const TensorBytes& inputs,
                   const TensorBytes& outputs) {
  ml::HostTensors given;
  const TensorBytes weights = initial_contents(program, isa::TensorKind::Weight);
  for (const isa::Tensor& tensor : program.tensors) {
    if (tensor.kind == isa::TensorKind::Input) {
      given[tensor.name] = as_floats(tensor, inputs.at(tensor.name));
    } else if (tensor.kind == isa::TensorKind::Weight) {
      given[tensor.name] = as_floats(tensor, weights.at(tensor.name));
    }
  }
  const ml::HostTensors expected = ml::reference(model, given);
  bool passed = true;
  for (const isa::Tensor& tensor : program.tensors) {
    if (tensor.kind != isa::TensorKind::Output) {
      continue;
    }
    const ml::Difference difference =
        ml::compare(as_floats(tensor, outputs.at(tensor.name)), expected.at(tensor.name));
    const bool close = difference.max_relative <= model.tolerance;  // false for NaN
    fmt::print(
        "  check     {}: largest difference {:.3g} of the largest value, tolerance {:.3g}: {}\n",
        tensor.name, difference.max_relative, model.tolerance, close ? "passed" : "FAILED");
    passed = passed && close;
  }
  return passed;
}

void print_failures(const std::vector<PipelineFailure>& failures) {
  constexpr std::size_t kShown = 10;
  for (std::size_t i = 0; i < failures.size() && i < kShown; ++i) {
    fmt::print("  FAILED    {} {}: {}\n", failures[i].step, failures[i].sequence,
               nrt_get_status_as_str(static_cast<NRT_STATUS>(failures[i].status)));
  }
  if (failures.size() > kShown) {
    fmt::print("  ... and {} more\n", failures.size() - kShown);
  }
}

/// The exit status; `error` says in one line what failed.
int run_model(const RunOptions& options, std::string& error) {
  ModelRun run(options.run);
  if (options.check && !run.file().model) {
    throw UserError(fmt::format("--check: {} is a program; only model files have a reference",
                                options.run.path));
  }
  if (options.check && !run.numerics()) {
    throw UserError("--check needs numerics; run with --numerics on");
  }
  run.open();
  {
    Progress progress(options.run.cores * options.run.pipeline.requests, "requests", options.quiet);
    run.execute([&](int finished) { progress(finished); });
  }
  fmt::print("{}  {}\n", options.run.path, rt::summary_text(rt::session_record()));
  print_failures(run.failures());
  error = run.failure();
  if (!error.empty()) {
    return 1;
  }
  bool passed = true;
  for (RequestPipeline* pipeline :
       options.check ? run.pipelines() : std::vector<RequestPipeline*>{}) {
    passed =
        check_outputs(run.file().program, *run.file().model, run.inputs(), pipeline->outputs()) &&
        passed;
  }
  error = passed ? "" : "the outputs differ from the reference";
  return passed ? 0 : 1;
}

int execute(const Arguments& arguments) {
  std::string error;
  const bool log = arguments.flag("record");
  if (!arguments.has("out")) {
    if (log) {
      throw UserError("--record needs --out: it completes that directory");
    }
    return run_model(read_options(arguments), error);
  }
  return record_run(arguments.text("out"), "run", arguments.words, log, [&](std::string& problem) {
    return run_model(read_options(arguments), problem);
  });
}

}  // namespace

Command run_command() {
  using Kind = Option::Kind;
  std::vector<Option> options = config_options();
  options.insert(
      options.end(),
      {{"requests,n", Kind::Text, "N", "how many times the model is executed", "1"},
       {"depth,d", Kind::Text, "D", "requests kept in flight", "3"},
       {"cores", Kind::Text, "N", "logical cores that each execute the model so often", "1"},
       {"transfer", Kind::Text, "once|each",
        "write inputs and read outputs once, or with every request", "once"},
       {"numerics", Kind::Text, "on|off", "compute results, or only times"},
       {"clock", Kind::Text, "step|free", "coupling of host and device time (default: step)"},
       {"out,o", Kind::Text, "DIR",
        "write summary.json, traces and the resolved configuration there"},
       {"faults", Kind::Text, "FILE", "fault plan, or the name of a shipped one"},
       {"no-trace", Kind::Flag, "", "with --out: leave the traces out"},
       {"why", Kind::Flag, "",
        "with --out: record what every request waited for, which nsim why shows"},
       {"record", Kind::Flag, "", "with --out: print nothing; leave a log there"},
       {"check", Kind::Flag, "",
        "compare the outputs with an independent reference; exit 1 when they differ"},
       {"quiet,q", Kind::Flag, "", "no progress line"}});
  options.insert(options.end(), kWaveOptions.begin(), kWaveOptions.end());
  return {{"run",
           "run MODEL|PROGRAM [options]",
           "execute a model file, program text or container and say what bound it\n"
           "Exit code 1 when a request fails or --check does not pass.",
           {"MODEL"},
           options},
          execute};
}

}  // namespace nsim::tool
