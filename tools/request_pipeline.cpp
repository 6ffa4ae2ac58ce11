// SPDX-License-Identifier: Apache-2.0
#include "tools/request_pipeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "sim/base/error.h"

namespace nsim::tool {
namespace {

void require(NRT_STATUS status, const std::string& what) {
  if (status != NRT_SUCCESS) {
    throw UserError(fmt::format("{}: {}", what, nrt_get_status_as_str(status)));
  }
}

}  // namespace

/// One input or output of one slot.
struct RequestPipeline::SlotTensor {
  std::string name;
  nrt_tensor_usage_t usage = NRT_TENSOR_USAGE_INPUT;
  std::size_t size = 0;
  nrt_tensor_t* tensor = nullptr;
  std::unique_ptr<std::byte[]> host;  // pages appear on first touch
};

struct RequestPipeline::Slot {
  Step step = Step::Idle;
  std::vector<SlotTensor> tensors;
  nrt_tensor_set_t* inputs = nullptr;
  nrt_tensor_set_t* outputs = nullptr;
  std::size_t scheduled = 0;     // tensors of the current step that were accepted so far
  nrta_seq_t last_sequence = 0;  // of the current step

  ~Slot() {
    nrt_destroy_tensor_set(&inputs);
    nrt_destroy_tensor_set(&outputs);
    for (SlotTensor& tensor : tensors) {
      nrt_tensor_free(&tensor.tensor);
    }
  }
};

RequestPipeline::RequestPipeline(nrt_model_t* model, int core, const PipelineOptions& options,
                                 const TensorBytes& inputs, Wait wait)
    : model_(model), core_(core), options_(options), inputs_(inputs), wait_(std::move(wait)) {
  require(nrt_get_model_tensor_info(model_, &infos_), "cannot list the model's tensors");
  require(nrta_error_tracker_create(static_cast<std::uint32_t>(core_), &tracker_),
          "cannot create an error tracker");
  // Without transfers all requests may share one set of tensors: the compute queue runs them in
  // order.
  const int sets = options_.transfer_each ? options_.depth : 1;
  for (int i = 0; i < options_.depth; ++i) {
    slots_.push_back(std::make_unique<Slot>());
    if (i < sets) {
      allocate(*slots_.back());
    }
  }
  if (!options_.transfer_each) {
    write_inputs(*slots_[0]);
  }
}

RequestPipeline::~RequestPipeline() {
  slots_.clear();
  nrta_error_tracker_destroy(tracker_);
  if (infos_ != nullptr) {
    nrt_free_model_tensor_info(infos_);
  }
}

void RequestPipeline::allocate(Slot& slot) {
  require(nrt_allocate_tensor_set(&slot.inputs), "cannot create a tensor set");
  require(nrt_allocate_tensor_set(&slot.outputs), "cannot create a tensor set");
  for (std::uint64_t i = 0; i < infos_->tensor_count; ++i) {
    const nrt_tensor_info_t& info = infos_->tensor_array[i];
    SlotTensor& tensor = slot.tensors.emplace_back();
    tensor.name = info.name;
    tensor.usage = info.usage;
    tensor.size = info.size;
    require(nrt_tensor_allocate(NRT_TENSOR_PLACEMENT_DEVICE, core_, info.size, info.name,
                                &tensor.tensor),
            fmt::format("cannot allocate {} bytes for tensor '{}'", info.size, tensor.name));
    nrt_tensor_set_t* set = info.usage == NRT_TENSOR_USAGE_INPUT ? slot.inputs : slot.outputs;
    require(nrt_add_tensor_to_tensor_set(set, info.name, tensor.tensor),
            "cannot add a tensor to its set");
    if (options_.transfer_each || info.usage == NRT_TENSOR_USAGE_INPUT) {
      tensor.host.reset(new std::byte[info.size]);
    }
    const auto given = inputs_.find(tensor.name);
    if (given != inputs_.end()) {
      std::memcpy(tensor.host.get(), given->second.data(),
                  std::min(given->second.size(), tensor.size));
    }
  }
}

void RequestPipeline::write_inputs(Slot& slot) {
  for (SlotTensor& tensor : slot.tensors) {
    if (tensor.usage == NRT_TENSOR_USAGE_INPUT) {
      require(nrt_tensor_write(tensor.tensor, tensor.host.get(), 0, tensor.size),
              fmt::format("cannot write input '{}'", tensor.name));
      tensor.host.reset();
    }
  }
}

void RequestPipeline::run_together(const std::vector<RequestPipeline*>& pipelines,
                                   const std::function<void(int)>& progress) {
  while (true) {
    bool moved = false;
    bool finished = true;
    int total = 0;
    for (RequestPipeline* pipeline : pipelines) {
      moved = pipeline->advance() || moved;
      finished = finished && pipeline->finished();
      total += pipeline->finished_;
    }
    progress(total);
    if (finished) {
      return;
    }
    if (!moved) {
      pipelines.front()->wait_([&pipelines] {
        return std::any_of(pipelines.begin(), pipelines.end(),
                           [](const RequestPipeline* p) { return p->can_advance(); });
      });
    }
  }
}

bool RequestPipeline::can_advance() const {
  return std::any_of(slots_.begin(), slots_.end(), [this](const std::unique_ptr<Slot>& slot) {
    return slot->step != Step::Idle && complete(*slot);
  });
}

bool RequestPipeline::advance() {
  bool moved = false;
  for (const std::unique_ptr<Slot>& slot : slots_) {
    moved = advance(*slot) || moved;
  }
  collect_errors();
  return moved;
}

bool RequestPipeline::advance(Slot& slot) {
  switch (slot.step) {
    case Step::Idle:
      return launched_ < options_.requests && begin(slot);
    case Step::Writing:
      if (slot.scheduled < slot.tensors.size()) {
        return schedule_writes(slot);
      }
      return complete(slot) && schedule_execute(slot);
    case Step::Executing:
      if (!complete(slot)) {
        return false;
      }
      if (!options_.transfer_each) {
        finish(slot);
        return true;
      }
      slot.step = Step::Reading;
      slot.scheduled = 0;
      return schedule_reads(slot);
    case Step::Reading:
      if (slot.scheduled < slot.tensors.size()) {
        return schedule_reads(slot);
      }
      if (!complete(slot)) {
        return false;
      }
      finish(slot);
      return true;
  }
  return false;
}

bool RequestPipeline::begin(Slot& slot) {
  slot.scheduled = 0;
  slot.last_sequence = 0;
  if (options_.transfer_each) {
    slot.step = Step::Writing;
    ++launched_;
    schedule_writes(slot);
    return true;
  }
  const bool moved = schedule_execute(slot);
  launched_ += moved ? 1 : 0;
  return moved;
}

bool RequestPipeline::schedule_writes(Slot& slot) {
  return schedule_transfers(slot, NRT_TENSOR_USAGE_INPUT, [this, &slot](SlotTensor& tensor) {
    return nrta_tensor_write(tensor.tensor, tensor.host.get(), 0, tensor.size, 0, tracker_,
                             &slot.last_sequence);
  });
}

bool RequestPipeline::schedule_reads(Slot& slot) {
  return schedule_transfers(slot, NRT_TENSOR_USAGE_OUTPUT, [this, &slot](SlotTensor& tensor) {
    return nrta_tensor_read(tensor.host.get(), tensor.tensor, 0, tensor.size, 0, tracker_,
                            &slot.last_sequence);
  });
}

bool RequestPipeline::schedule_transfers(Slot& slot, nrt_tensor_usage_t usage,
                                         const std::function<NRT_STATUS(SlotTensor&)>& schedule) {
  const std::size_t before = slot.scheduled;
  for (; slot.scheduled < slot.tensors.size(); ++slot.scheduled) {
    SlotTensor& tensor = slot.tensors[slot.scheduled];
    const NRT_STATUS status = tensor.usage == usage ? schedule(tensor) : NRT_SUCCESS;
    if (status == NRT_QUEUE_FULL) {
      break;
    }
    if (status != NRT_SUCCESS) {
      refuse(slot, usage == NRT_TENSOR_USAGE_INPUT ? "write" : "read", status);
      return true;
    }
  }
  return slot.scheduled > before;
}

bool RequestPipeline::schedule_execute(Slot& slot) {
  const Slot& tensors = options_.transfer_each ? slot : *slots_[0];
  const NRT_STATUS status = nrta_execute_schedule(model_, tensors.inputs, tensors.outputs, 0,
                                                  tracker_, &slot.last_sequence);
  if (status == NRT_QUEUE_FULL) {
    return false;
  }
  if (status == NRT_SUCCESS) {
    slot.step = Step::Executing;
  } else {
    refuse(slot, "execute", status);
  }
  return true;
}

void RequestPipeline::refuse(Slot& slot, const char* step, NRT_STATUS status) {
  failures_.push_back({step, 0, static_cast<int>(status)});
  finish(slot);
}

void RequestPipeline::finish(Slot& slot) {
  slot.step = Step::Idle;
  ++finished_;
  last_ = options_.transfer_each ? &slot : slots_[0].get();
}

bool RequestPipeline::complete(const Slot& slot) const {
  if (slot.last_sequence == 0) {
    return true;  // the step had nothing to do
  }
  bool done = false;
  nrta_is_completed(slot.last_sequence, &done);
  return done;
}

void RequestPipeline::collect_errors() {
  const nrta_error_t* list = nullptr;
  std::size_t count = 0;
  if (nrta_error_tracker_get_list(tracker_, &list, &count) != NRT_SUCCESS) {
    return;
  }
  for (; errors_seen_ < count; ++errors_seen_) {
    const nrta_error_t& error = list[errors_seen_];
    failures_.push_back(
        {"request", NRTA_SEQ_GET_SEQ_NUM(error.seq_id), static_cast<int>(error.error_code)});
  }
}

TensorBytes RequestPipeline::outputs() {
  TensorBytes out;
  if (last_ == nullptr) {
    return out;
  }
  for (const SlotTensor& tensor : last_->tensors) {
    if (tensor.usage == NRT_TENSOR_USAGE_OUTPUT) {
      std::vector<std::byte>& bytes = out[tensor.name];
      bytes.resize(tensor.size);
      require(nrt_tensor_read(tensor.tensor, bytes.data(), 0, tensor.size),
              fmt::format("cannot read output '{}'", tensor.name));
    }
  }
  return out;
}

}  // namespace nsim::tool
