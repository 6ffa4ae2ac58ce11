// SPDX-License-Identifier: Apache-2.0
// The host program of `nsim run`: keeps up to `depth` requests of one model in flight through the
// asynchronous interface, as a client of the real runtime would. A request is: write the inputs,
// execute, read the outputs; each step is scheduled once the step before was observed complete, and
// the steps of different requests overlap.
#pragma once

#include <nrt/nrt.h>
#include <nrt/nrt_async.h>
#include <nrt/nrt_experimental.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace nsim::tool {

/// Contents of tensors by name, in their storage format.
using TensorBytes = std::map<std::string, std::vector<std::byte>>;

struct PipelineOptions {
  int requests = 1;
  int depth = 3;
  /// Write the inputs and read the outputs with every request; otherwise once, before and after all
  /// of them.
  bool transfer_each = false;
};

struct PipelineFailure {
  std::string step;  // "write", "execute", "read"
  std::uint64_t sequence;
  int status;
};

class RequestPipeline {
 public:
  /// Called when no step can be scheduled; returns after the next completion.
  using Wait = std::function<void(const std::function<bool()>&)>;

  /// Allocates the tensors of `model`. `inputs` may lack tensors: their contents do not matter
  /// then. Throws UserError when the device has no room.
  RequestPipeline(nrt_model_t* model, int core, const PipelineOptions& options,
                  const TensorBytes& inputs, Wait wait);
  ~RequestPipeline();
  RequestPipeline(const RequestPipeline&) = delete;
  RequestPipeline& operator=(const RequestPipeline&) = delete;

  /// Runs all requests; `progress` is told the number of finished ones.
  void run(const std::function<void(int)>& progress) { run_together({this}, progress); }
  /// The same for several at a time, from one host thread; they wait alike.
  static void run_together(const std::vector<RequestPipeline*>& pipelines,
                           const std::function<void(int)>& progress);

  const std::vector<PipelineFailure>& failures() const { return failures_; }
  /// Outputs of the last request, read synchronously.
  TensorBytes outputs();

 private:
  enum class Step { Idle, Writing, Executing, Reading };
  struct Slot;
  struct SlotTensor;

  void allocate(Slot& slot);
  void write_inputs(Slot& slot);
  /// Moves one slot as far as it goes; true when it moved. A full queue is tried again later; any
  /// other refusal ends the request as failed. The same holds for the schedule functions.
  bool advance(Slot& slot);
  bool begin(Slot& slot);
  bool schedule_writes(Slot& slot);
  bool schedule_execute(Slot& slot);
  bool schedule_reads(Slot& slot);
  bool schedule_transfers(Slot& slot, nrt_tensor_usage_t usage,
                          const std::function<NRT_STATUS(SlotTensor&)>& schedule);
  void refuse(Slot& slot, const char* step, NRT_STATUS status);
  void finish(Slot& slot);
  bool complete(const Slot& slot) const;
  void collect_errors();
  /// Moves every slot as far as it goes; true when one moved.
  bool advance();
  bool finished() const { return finished_ >= options_.requests; }
  /// Whether a step that is under way has completed.
  bool can_advance() const;

  nrt_model_t* model_;
  int core_;
  PipelineOptions options_;
  const TensorBytes& inputs_;
  Wait wait_;
  nrt_tensor_info_array_t* infos_ = nullptr;
  nrta_error_tracker_t* tracker_ = nullptr;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::vector<PipelineFailure> failures_;
  std::size_t errors_seen_ = 0;
  int launched_ = 0;
  int finished_ = 0;
  Slot* last_ = nullptr;  // the slot of the request that finished last
};

}  // namespace nsim::tool
