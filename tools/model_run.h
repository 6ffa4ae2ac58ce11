// SPDX-License-Identifier: Apache-2.0
// A model or program executed on a simulated device of this process: what `nsim run` and the study
// interface (tools/api) do.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "models/program_file.h"
#include "runtime/options.h"
#include "tools/device.h"
#include "tools/open_runtime.h"
#include "tools/request_pipeline.h"

namespace nsim::tool {

struct ModelRunOptions {
  std::string path;    // model file, program text or container
  std::string config;  // "": the default device
  std::vector<std::string> set;
  std::string out;  // "": nothing is written
  int cores = 1;
  std::string faults;
  bool trace = true;
  WaveOptions waves;
  bool paths = false;
  PipelineOptions pipeline;
};

/// What a tensor holds at first, of all tensors of that kind.
TensorBytes initial_contents(const isa::Program& program, isa::TensorKind kind);

/// Only one is open at a time. Every call throws UserError for wrong input.
class ModelRun {
 public:
  /// Resolves the device and reads the program.
  explicit ModelRun(ModelRunOptions options);

  const ml::ProgramFile& file() const { return file_; }
  bool numerics() const { return numerics_; }

  /// Opens the runtime, which stays open with this object, and loads the program.
  void open();
  /// `progress` is told how many requests are finished.
  void execute(const std::function<void(int)>& progress);

  const TensorBytes& inputs() const { return inputs_; }
  std::vector<RequestPipeline*> pipelines() const;
  std::vector<PipelineFailure> failures() const;
  /// In one line what failed; "" when nothing did.
  std::string failure() const;

 private:
  const ModelRunOptions options_;
  const Device device_;
  const ml::ProgramFile file_;
  const bool numerics_;
  TensorBytes inputs_;
  std::unique_ptr<OpenRuntime> runtime_;
  std::vector<std::unique_ptr<RequestPipeline>> pipelines_;
};

}  // namespace nsim::tool
