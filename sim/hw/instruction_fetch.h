// SPDX-License-Identifier: Apache-2.0
// How the instructions of one engine get from HBM into its sequencer: a DMA ring brings bursts of
// them into a small buffer. A burst is requested as soon as the buffer has room for it, arrives
// `latency` later, and no closer to the one before than the ring's rate allows.
//
// The code of an engine is its stream with every dynamic loop rolled up. A loop whose code fits the
// buffer stays in it until it ends; of any other, each branch back finds the buffer filled with
// what follows the loop, and the fetch begins anew at its first instruction.
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
  bool keeps_loops;  // else every branch back fetches anew
};

/// Where an instruction lets its engine go on in the code.
struct CodeStep {
  /// Enter: into a loop of `distance` instructions. Back: by `distance` to its first one. Leave:
  /// the loop is over.
  enum class Kind : std::uint8_t { Next, Enter, Back, Leave };
  Kind kind = Kind::Next;
  std::int64_t distance = 0;
};

class InstructionFetch {
 public:
  explicit InstructionFetch(const FetchParams& params);

  /// Code of `count` instructions; the first of them are in the buffer at `first`.
  void start(std::int64_t count, SimTime first);
  /// When the next instruction is in the buffer.
  SimTime available() {
    if (next_ >= end_) {
      open();
    }
    return available_;
  }
  /// The next instruction has begun at `at` and leaves the buffer.
  void leave(SimTime at) {
    if (++next_ == end_ && held_ == 0) {
      request(at + params_.latency);
    }
  }
  /// The one that has just left leads elsewhere, and is executed at `at`.
  void step(const CodeStep& step, SimTime at);
  /// Fetched so far, of all executions.
  std::int64_t bytes() const { return bytes_; }

 private:
  void open();
  void request(SimTime arrival);
  void fetch_from(std::int64_t burst, SimTime first);
  std::int64_t capacity() const { return static_cast<std::int64_t>(arrivals_.size()); }

  const FetchParams params_;
  const std::int64_t burst_;       // instructions
  const SimTime burst_time_;       // at the ring's rate
  std::vector<SimTime> arrivals_;  // of the bursts in the buffer or under way, by number
  std::int64_t count_ = 0;         // instructions of the code
  std::int64_t next_ = 0;          // instruction
  std::int64_t end_ = 0;           // behind the last instruction of the burst being executed
  SimTime available_ = 0;          // that burst
  std::int64_t requested_ = 0;     // bursts, from the first of the code on
  SimTime last_arrival_ = 0;
  int held_ = 0;  // the loop that stays in the buffer, and loops in it
  std::int64_t bytes_ = 0;
};

}  // namespace nsim::hw
