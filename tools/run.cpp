// SPDX-License-Identifier: Apache-2.0
// nsim run: one model or program on a simulated device, through the asynchronous runtime interface.
#include <fmt/format.h>

#include <cmath>
#include <memory>

#include "models/program_file.h"
#include "models/reference.h"
#include "runtime/options.h"
#include "runtime/report.h"
#include "runtime/session.h"
#include "sim/base/error.h"
#include "sim/numerics/init.h"
#include "tools/command.h"
#include "tools/device.h"
#include "tools/open_runtime.h"
#include "tools/progress.h"
#include "tools/request_pipeline.h"
#include "tools/run_record.h"
#include "tools/wave_options.h"

namespace nsim::tool {
namespace {

/// What decides the run, from the command line.
struct RunOptions {
  std::string path;
  std::string config;
  std::vector<std::string> set;
  std::string out;
  int cores = 1;
  std::string faults;
  bool trace = true;
  WaveOptions waves;
  bool paths = false;
  bool check = false;
  bool quiet = false;
  PipelineOptions pipeline;
};

RunOptions read_options(const Arguments& arguments) {
  RunOptions options;
  options.path = arguments.text("MODEL");
  options.config = arguments.has("config") ? arguments.text("config") : ml::target_of(options.path);
  options.set = arguments.list("set");
  if (arguments.has("clock")) {
    options.set.push_back("clock.mode=" + arguments.text("clock"));
  } else {
    options.set.insert(options.set.begin(), "clock.mode=step");
  }
  if (arguments.has("numerics")) {
    options.set.push_back("instance.numerics=" + arguments.text("numerics"));
  }
  options.out = arguments.text("out");
  options.faults = arguments.text("faults");
  options.trace = !arguments.flag("no-trace");
  options.waves = wave_options(arguments);
  options.paths = arguments.flag("why");
  if (options.paths && options.out.empty()) {
    throw UserError("--why needs --out: it adds critical_path.jsonl there");
  }
  options.check = arguments.flag("check");
  options.quiet = arguments.flag("quiet");
  options.pipeline.requests = static_cast<int>(arguments.integer("requests", 1, 1000000));
  options.pipeline.depth = static_cast<int>(arguments.integer("depth", 1, 1024));
  options.cores = static_cast<int>(arguments.integer("cores", 1, 1024));
  options.pipeline.transfer_each = arguments.text("transfer") == "each";
  if (!options.pipeline.transfer_each && arguments.text("transfer") != "once") {
    throw UserError(
        fmt::format("--transfer: '{}' is neither once nor each", arguments.text("transfer")));
  }
  return options;
}

rt::Options session_options(const RunOptions& options) {
  rt::Options session;
  session.config = options.config.empty() ? session.config : options.config;
  session.set = options.set;
  session.out = options.out;
  session.faults = options.faults;
  session.trace = options.trace;
  session.waves = options.waves;
  session.paths = options.paths;
  return session;
}

TensorBytes initial_contents(const isa::Program& program, isa::TensorKind kind) {
  TensorBytes out;
  for (const isa::Tensor& tensor : program.tensors) {
    if (tensor.kind == kind) {
      std::vector<std::byte>& bytes = out[tensor.name];
      bytes.resize(static_cast<std::size_t>(tensor.bytes()));
      num::fill(tensor.init, tensor.name, tensor.dtype, bytes.data(),
                static_cast<std::size_t>(tensor.elements()));
    }
  }
  return out;
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

/// One on each logical core.
std::vector<std::unique_ptr<RequestPipeline>> create_pipelines(const RunOptions& options,
                                                               const isa::Program& program,
                                                               const TensorBytes& inputs) {
  std::uint32_t visible = 0;
  nrt_get_visible_nc_count(&visible);
  if (options.cores > static_cast<int>(visible)) {
    throw UserError(fmt::format("--cores {}: there are {} logical cores", options.cores, visible));
  }
  std::vector<std::unique_ptr<RequestPipeline>> pipelines;
  for (int core = 0; core < options.cores; ++core) {
    nrt_model_t* model = rt::load_program(program, core);
    pipelines.push_back(
        std::make_unique<RequestPipeline>(model, core, options.pipeline, inputs, rt::wait_until));
  }
  return pipelines;
}

/// The exit status; `error` says in one line what failed.
int run_model(const RunOptions& options, std::string& error) {
  const Device device = open_device(options.config, options.set);
  const ml::ProgramFile file = ml::open_program(options.path, device.limits);
  const bool numerics = hw::Hardware::numerics_of(*device.params);
  if (options.check && !file.model) {
    throw UserError(
        fmt::format("--check: {} is a program; only model files have a reference", options.path));
  }
  if (options.check && !numerics) {
    throw UserError("--check needs numerics; run with --numerics on");
  }

  const OpenRuntime runtime(session_options(options));
  const TensorBytes inputs =
      numerics ? initial_contents(file.program, isa::TensorKind::Input) : TensorBytes{};
  const auto owned = create_pipelines(options, file.program, inputs);
  std::vector<RequestPipeline*> pipelines;
  for (const std::unique_ptr<RequestPipeline>& pipeline : owned) {
    pipelines.push_back(pipeline.get());
  }
  {
    Progress progress(options.cores * options.pipeline.requests, "requests", options.quiet);
    RequestPipeline::run_together(pipelines, [&](int finished) { progress(finished); });
  }
  fmt::print("{}  {}\n", options.path, rt::summary_text(rt::session_record()));
  std::vector<PipelineFailure> failures;
  for (const RequestPipeline* pipeline : pipelines) {
    failures.insert(failures.end(), pipeline->failures().begin(), pipeline->failures().end());
  }
  print_failures(failures);
  if (!failures.empty()) {
    error = fmt::format("{} request(s) failed, the first: {} {}: {}", failures.size(),
                        failures.front().step, failures.front().sequence,
                        nrt_get_status_as_str(static_cast<NRT_STATUS>(failures.front().status)));
    return 1;
  }
  bool passed = true;
  for (RequestPipeline* pipeline : options.check ? pipelines : std::vector<RequestPipeline*>{}) {
    passed = check_outputs(file.program, *file.model, inputs, pipeline->outputs()) && passed;
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
  return record_run(arguments.text("out"), arguments.words, log, [&](std::string& problem) {
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
