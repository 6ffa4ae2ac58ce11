// SPDX-License-Identifier: Apache-2.0
#include "tools/model_run.h"

#include <fmt/format.h>

#include <utility>

#include "runtime/session.h"
#include "sim/base/error.h"
#include "sim/numerics/init.h"

namespace nsim::tool {
namespace {

rt::Options session_options(const ModelRunOptions& options) {
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

}  // namespace

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

ModelRun::ModelRun(ModelRunOptions options)
    : options_(std::move(options)),
      device_(open_device(options_.config, options_.set)),
      file_(ml::open_program(options_.path, device_.limits)),
      numerics_(hw::Hardware::numerics_of(*device_.params)) {}

void ModelRun::open() {
  runtime_ = std::make_unique<OpenRuntime>(session_options(options_));
  inputs_ = numerics_ ? initial_contents(file_.program, isa::TensorKind::Input) : TensorBytes{};
  std::uint32_t visible = 0;
  nrt_get_visible_nc_count(&visible);
  if (options_.cores > static_cast<int>(visible)) {
    throw UserError(fmt::format("--cores {}: there are {} logical cores", options_.cores, visible));
  }
  for (int core = 0; core < options_.cores; ++core) {
    nrt_model_t* model = rt::load_program(file_.program, core);
    pipelines_.push_back(
        std::make_unique<RequestPipeline>(model, core, options_.pipeline, inputs_, rt::wait_until));
  }
}

void ModelRun::execute(const std::function<void(int)>& progress) {
  RequestPipeline::run_together(pipelines(), progress);
}

std::vector<RequestPipeline*> ModelRun::pipelines() const {
  std::vector<RequestPipeline*> all;
  for (const std::unique_ptr<RequestPipeline>& pipeline : pipelines_) {
    all.push_back(pipeline.get());
  }
  return all;
}

std::vector<PipelineFailure> ModelRun::failures() const {
  std::vector<PipelineFailure> all;
  for (const std::unique_ptr<RequestPipeline>& pipeline : pipelines_) {
    all.insert(all.end(), pipeline->failures().begin(), pipeline->failures().end());
  }
  return all;
}

std::string ModelRun::failure() const {
  const std::vector<PipelineFailure> all = failures();
  return all.empty()
             ? ""
             : fmt::format("{} request(s) failed, the first: {} {}: {}", all.size(),
                           all.front().step, all.front().sequence,
                           nrt_get_status_as_str(static_cast<NRT_STATUS>(all.front().status)));
}

}  // namespace nsim::tool
