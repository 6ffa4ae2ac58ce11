// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/dma_queues.h"

#include <fmt/format.h>

#include <utility>

#include "sim/hw/activity.h"
#include "sim/isa/dependencies.h"

namespace nsim::hw {
namespace {

using isa::kQueuesPerEngine;
constexpr int kModes = 5;  // of DgeMode

std::string name_of(isa::Engine engine, int queue, isa::DgeMode mode) {
  const std::string_view owner = Activity::track_name(engine);
  const std::string suffix = queue == 0 ? "" : fmt::format("{}", queue);
  switch (mode) {
    case isa::DgeMode::Hwdge:
      return fmt::format("q{}DynamicHW{}", owner, suffix);
    case isa::DgeMode::Swdge:
      return fmt::format("q{}Dynamic{}", owner, suffix);
    case isa::DgeMode::GpSimd:
      return fmt::format("q{}Own{}", owner, suffix);
    case isa::DgeMode::None:
    case isa::DgeMode::Unknown:
      break;
  }
  return fmt::format("q{}IO{}", owner, queue);
}

}  // namespace

std::string queue_name(const isa::StreamInstruction& instruction) {
  return name_of(instruction.engine, instruction.queue, instruction.dge);
}

DmaQueues::DmaQueues() : queues_(std::size_t{isa::kEngineCount} * kQueuesPerEngine * kModes) {}

DmaQueue& DmaQueues::of(const isa::StreamInstruction& instruction) {
  const auto index =
      static_cast<std::size_t>((static_cast<int>(instruction.engine) * kQueuesPerEngine +
                                instruction.queue % kQueuesPerEngine) *
                                   kModes +
                               static_cast<int>(instruction.dge));
  std::unique_ptr<DmaQueue>& queue = queues_[index];
  if (!queue) {
    queue = std::make_unique<DmaQueue>();
    queue->name = queue_name(instruction);
    if (waves_ != nullptr) {
      queue->depth_wave = waves_->signal(wave_name(queue->name), 16);
    }
  }
  return *queue;
}

void DmaQueues::watch(Waves& waves, std::string scope) {
  waves_ = &waves;
  wave_scope_ = std::move(scope);
  std::vector<std::string> names;
  for (int engine = 0; engine < isa::kEngineCount; ++engine) {
    for (int queue = 0; queue < kQueuesPerEngine; ++queue) {
      for (int mode = 0; mode < kModes; ++mode) {
        names.push_back(wave_name(
            name_of(static_cast<isa::Engine>(engine), queue, static_cast<isa::DgeMode>(mode))));
      }
    }
  }
  waves.expect(names);
}

std::string DmaQueues::wave_name(const std::string& queue) const {
  return fmt::format("{}.{}.depth", wave_scope_, queue);
}

void DmaQueues::report(StatsScope stats) const {
  for (const std::unique_ptr<DmaQueue>& queue : queues_) {
    if (!queue) {
      continue;
    }
    const StatsScope scope = stats.scope("queue").scope(queue->name);
    scope.add("transfers", static_cast<double>(queue->transfers), "1", "Transfers of the queue");
    scope.add("bytes", static_cast<double>(queue->bytes), "B", "Bytes the queue's transfers write");
    scope.add("latency", static_cast<double>(queue->latency) / kNanosecond, "ns",
              "Sum over the transfers of the time from their issue to their last update");
  }
}

}  // namespace nsim::hw
