// SPDX-License-Identifier: Apache-2.0
// The coupling of the host's clock to the simulated one: the one place that knows `free` from `step`.
//
// free: simulated time runs whenever the device has work; a doorbell lands at the current simulated time.
// step: the host has a simulated clock of its own. A schedule call costs submit_cost, a completion query
//   poll_cost; the device never runs past the host's clock, except while the host waits: then it runs to the
//   next completion that the host waits for. A host that sleeps outside of our calls, which takes a file
//   descriptor it got from us, is recognised by `grace`: when no call came for that long in wall time, none is
//   under way and requests are pending, the device runs to the next completion. A host that never asked for a
//   descriptor cannot sleep on one, however long the machine holds it up: with a single thread its results are
//   bit-identical.
//
// In both modes simulated time does not jump to the end of a wait that only the host can end (for another rank of
// a collective) before the host had `patience` of wall time to do so, or, with step, its own clock got there.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "sim/base/kernel.h"
#include "sim/base/params.h"

namespace nsim {

struct ClockParams {
  explicit ClockParams(ParamScope scope);  // [clock] mode, submit_cost, poll_cost, grace
  std::string mode;      // "free" | "step"
  SimTime submit_cost;   // step: simulated host time of one schedule call
  SimTime poll_cost;     // step: simulated host time of one completion query
  SimTime grace;         // step: wall time without a call after which a sleeping host is assumed
  SimTime patience;      // wall time for the host to bring what the device waits for
};

class HostClock {
 public:
  static std::unique_ptr<HostClock> create(const ClockParams& params, Kernel& kernel);
  virtual ~HostClock() = default;

  /// OnItsWay: an earlier doorbell has been sent, has not run yet, and will do the work of this one too.
  enum class Doorbell { Needed, OnItsWay };
  /// Host thread, no lock held: the host spends submit_cost, then `doorbell` runs on the simulation thread;
  /// with the free clock, which knows no submit_cost, only if it is needed.
  virtual void submit(Kernel::Task doorbell, Doorbell state) = 0;
  /// Host thread, no lock held, before looking at published state. step: the host spends poll_cost and the
  /// device catches up with it. free: a thread that has looked many times without any completion gives up the
  /// processor, which the device may be short of. Not at once: a client that waits for one completion more than
  /// it sees after a refusal would often find the device done with all that was queued.
  virtual void poll() = 0;
  /// Host thread, no lock held: returns when `done()` is true; false when nothing can make it true any
  /// more (the device is idle for ever). `done` reads published state and is called on this thread.
  virtual bool wait(const std::function<bool()>& done) = 0;
  /// Simulation thread: a completion was published.
  virtual void completed() = 0;
  /// Any thread: the host has got a descriptor that it may sleep on.
  virtual void may_sleep() = 0;
  /// Any thread: requests accepted and not yet completed; step mode's grace period needs it.
  virtual void pending(int change) = 0;
  /// The host's simulated time (step), or the device's (free).
  virtual SimTime now() const = 0;
};

}  // namespace nsim
