// SPDX-License-Identifier: Apache-2.0
// The DMA queues of one core, by the names that the public profiler shows. A queue is one of the
// rings of an engine together with the way in which the descriptors of a transfer are made.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sim/base/stats.h"
#include "sim/base/units.h"
#include "sim/base/waves.h"
#include "sim/isa/stream.h"

namespace nsim::hw {

/// The queue of a DMA instruction: "qSyncIO0".
std::string queue_name(const isa::StreamInstruction& instruction);

/// What is known about one queue.
struct DmaQueue {
  std::string name;
  std::int64_t transfers = 0;
  std::int64_t bytes = 0;
  SimTime latency = 0;     // sum over transfers
  SimTime shown = 0;       // end of its last slice in a timeline
  std::int64_t depth = 0;  // transfers submitted and not finished
  Wave depth_wave;
};

class DmaQueues {
 public:
  DmaQueues();

  /// The queue of a DMA instruction; it appears with its first use.
  DmaQueue& of(const isa::StreamInstruction& instruction);

  /// Signals <scope>.<queue>.depth of every queue that is used.
  void watch(Waves& waves, std::string scope);
  /// Of every queue that was used.
  void report(StatsScope stats) const;

 private:
  std::string wave_name(const std::string& queue) const;

  std::vector<std::unique_ptr<DmaQueue>> queues_;  // by engine, queue and mode
  Waves* waves_ = nullptr;
  std::string wave_scope_;
};

}  // namespace nsim::hw
