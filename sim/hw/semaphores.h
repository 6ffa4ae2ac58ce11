// SPDX-License-Identifier: Apache-2.0
// The semaphores of one NeuronCore. An update is counted when it is made, and seen by waiting
// engines `latency` later.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <systemc>
#include <vector>

#include "sim/base/params.h"
#include "sim/base/trace.h"
#include "sim/base/units.h"
#include "sim/base/waves.h"
#include "sim/hw/moments.h"
#include "sim/isa/stream.h"

namespace nsim::hw {

struct SemaphoreParams {
  explicit SemaphoreParams(ParamScope scope);
  SimTime latency;       // from an update to the start of an engine that waited for it
  SimTime peer_latency;  // the same between the cores of a logical core (core_barrier)
};

class Semaphores {
 public:
  explicit Semaphores(const SemaphoreParams& params);

  /// Signals <scope>.s0 .. s255: the value as soon as it is counted.
  void watch(Waves& waves, const std::string& scope);

  /// All zero, nobody waits, updates are not traced.
  void reset();
  /// From now on every update is an instant of the track semaphores(nc<core>), called after who
  /// made it, with the arguments `semaphore` and `value`: what it holds then.
  void trace(Trace& trace, int core);
  bool traced() const { return trace_ != nullptr; }
  /// Adds at the current time. False, and nothing changes, when the sum is negative or no int32.
  /// `cause`: the moment, for those who wait. `by`: an engine or queue, for the trace.
  bool add(int semaphore, std::int32_t value, MomentId cause = 0, std::string_view by = {});
  /// What engines see at the current time.
  std::int32_t visible(int semaphore) const;
  /// When an engine sees at least `value`: not before the current time; kNever while it has not
  /// been reached.
  SimTime reached_at(int semaphore, std::int32_t value) const;
  /// The update that reaches `value`, when reached_at() is in the future and known.
  MomentId cause(int semaphore, std::int32_t value) const;
  /// Notifies `wake` as soon as an engine sees at least `value`, which has not been reached yet,
  /// and says in `cause` which update did that. One wait per engine: a new one replaces the one
  /// before.
  void wait(isa::Engine engine, int semaphore, std::int32_t value, sc_core::sc_event& wake,
            MomentId& cause);

 private:
  struct Update {
    SimTime visible;
    std::int32_t value;
    MomentId cause;
  };
  struct Semaphore {
    std::int32_t settled = 0;    // the value before `recent`
    std::vector<Update> recent;  // by time; those already visible may linger
  };
  struct Waiter {
    sc_core::sc_event* wake = nullptr;
    MomentId* cause = nullptr;
    int semaphore = 0;
    std::int32_t value = 0;
  };

  const SimTime latency_;
  std::array<Semaphore, isa::kSemaphoreCount> semaphores_;
  std::array<Waiter, isa::kEngineCount> waiters_;
  std::vector<Wave> waves_;  // by semaphore; empty when nobody looks
  Trace* trace_ = nullptr;
  TrackId track_ = 0;
};

}  // namespace nsim::hw
