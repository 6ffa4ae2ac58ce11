// SPDX-License-Identifier: Apache-2.0
// What an engine's next instruction waited for last. The engine tells of every wait that is over,
// in the order in which it waits; what is told later replaces what was told before. Without a
// record nothing happens.
#pragma once

#include <array>

#include "sim/hw/moments.h"

namespace nsim::hw {

class IssueCauses {
 public:
  explicit IssueCauses(int core) : core_(static_cast<std::int16_t>(core)) {}

  /// An execution: its engines may issue at `first_issue`, which follows `launched`.
  void start(Moments* record, MomentId launched, SimTime first_issue);
  bool on() const { return record_ != nullptr; }

  // In front of the next instruction, at the moment a wait is over.
  /// The turn of an instruction that follows the start of the one before, or its end (`occupied`).
  void turn(bool occupied, SimTime now);
  void fetched(SimTime at);
  void table(SimTime at);
  void semaphore(const isa::StreamInstruction& waiting, MomentId update, SimTime at);
  /// Everything that the engine issued before has retired.
  void retired(SimTime at);
  /// `last`: of the peers' arrivals.
  void barrier(MomentId last, SimTime at);
  void held(PathKind bank_or_port, const isa::StreamInstruction& waiting, SimTime at);
  /// Its last moment: the cause of what it does next.
  MomentId latest() const { return latest_; }

  // The instruction begins.
  struct Times {
    SimTime begun = 0;
    SimTime free = 0;  // it no longer occupies the engine
    SimTime latency = 0;
    SimTime throttled = 0;
  };
  /// Tensor, before begun(): the array is occupied until `ready`, and weights are there at `begun`.
  void array(const isa::StreamInstruction& instruction, SimTime ready, SimTime begun);
  void begun(const isa::StreamInstruction& instruction, const Times& times);
  MomentId beginning() const { return begun_.moment; }
  /// The moment of retirement of what began last and everything before it.
  MomentId retirement(SimTime at);

 private:
  /// An instruction whose start decides when something is over.
  struct Start {
    MomentId moment = 0;
    const isa::StreamInstruction* instruction = nullptr;
    SimTime throttled = 0;
    SimTime over = 0;  // its pass through the array
  };
  MomentId follow(PathKind kind, SimTime at, const Start& start);
  MomentId next(PathKind kind, SimTime at, const isa::StreamInstruction* instruction);

  const std::int16_t core_;
  Moments* record_ = nullptr;
  MomentId latest_ = 0;
  Start begun_;     // the last instruction
  Start occupies_;  // decides when the engine is free
  Start retires_;   // decides when everything has retired
  SimTime retired_at_ = 0;
  std::array<Start, 8> passes_;  // of the array, round and round: tiles run side by side
  std::size_t next_pass_ = 0;
};

}  // namespace nsim::hw
