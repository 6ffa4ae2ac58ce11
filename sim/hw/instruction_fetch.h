// SPDX-License-Identifier: Apache-2.0
// How the instructions of one engine get from HBM into its sequencer: a DMA ring brings bursts of
// them into a small buffer. A burst is requested as soon as the buffer has room for it, arrives
// `latency` later, and no closer to the one before than the ring's rate allows.
//
// Nothing happens per instruction: a burst's arrival follows from when the last instruction of an
// earlier one began. The ring is one of its own; the traffic does not slow data transfers down.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/base/params.h"
#include "sim/base/units.h"

namespace nsim::hw {

struct FetchParams {
  explicit FetchParams(const ParamScope& scope);  // [neuron_core] fetch_...
  SimTime latency;  // also until the first instruction of an execution
  std::int64_t instruction_bytes;
  std::int64_t burst_bytes;
  std::int64_t buffer_bytes;
  std::int64_t rate;
};

class InstructionFetch {
 public:
  explicit InstructionFetch(const FetchParams& params);

  /// A stream of `count` instructions; the first of them are in the buffer at `first`.
  void start(std::size_t count, SimTime first);
  /// When instruction `index` is in the buffer. Indices are asked for in order, maybe repeatedly.
  SimTime available_at(std::size_t index) {
    if (index >= end_) {
      open_next();
    }
    return available_;
  }
  /// Instruction `index` has begun at `at` and leaves the buffer.
  void leave(std::size_t index, SimTime at) {
    if (index + 1 == end_) {
      request(at + params_.latency);
    }
  }
  /// Fetched so far, of all executions.
  std::int64_t bytes() const { return bytes_; }

 private:
  void open_next();
  void request(SimTime arrival);

  const FetchParams params_;
  const std::size_t burst_;        // instructions
  const SimTime burst_time_;       // at the ring's rate
  std::vector<SimTime> arrivals_;  // of the bursts in the buffer or under way, a ring
  std::size_t count_ = 0;          // of the stream
  std::size_t requested_ = 0;      // instructions
  std::size_t next_request_ = 0;   // entries of arrivals_
  std::size_t next_open_ = 0;
  std::size_t end_ = 0;    // behind the last instruction of the burst being executed
  SimTime available_ = 0;  // that burst
  SimTime last_arrival_ = 0;
  std::int64_t bytes_ = 0;
};

}  // namespace nsim::hw
