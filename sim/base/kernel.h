// SPDX-License-Identifier: Apache-2.0
// The simulation thread (simulation_thread.h) and the only owner of the SystemC context.
//
// Data flow: host thread --post()--> Door (mutex + queue, async_request_update) --> task runs on the
// simulation thread at the current simulated time. Nothing flows back through the kernel: tasks publish
// their results themselves, then the host is woken by HostClock (clock.h).
//
// One kernel exists at a time per process; a later one gets a new SystemC context. The first context is
// kept for ever, later ones are deleted. No header outside sim/hw includes SystemC because of this file.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

#include "sim/base/units.h"

namespace nsim {

class SimulationThread;

class Kernel {
 public:
  using Task = std::function<void()>;

  /// Starts the simulation thread, makes the SystemC context current on it and runs `build`, which creates
  /// the modules; what it returns is destroyed on the simulation thread when the kernel ends. Returns
  /// when elaboration is over; an exception of `build` is rethrown here and nothing stays behind.
  explicit Kernel(const std::function<std::shared_ptr<void>()>& build);
  /// Stops at the current simulated time: pending tasks run, pending events are dropped.
  ~Kernel();
  Kernel(const Kernel&) = delete;
  Kernel& operator=(const Kernel&) = delete;

  /// Any thread. Runs `task` on the simulation thread at the current simulated time; tasks run in the
  /// order of their posts. Never blocks on the simulation, and never fails: it waits for memory.
  void post(Task task);
  /// Any thread but the simulation thread: post() and wait until it ran. Rethrows its exception.
  void call(const Task& task);

  /// How far simulated time may go by itself. kNever: as long as there are events (free clock).
  /// The simulation thread stops at the limit with everything up to and including it done.
  void set_limit(SimTime limit);
  /// Host threads: waits until the simulation rests (no task waiting and no event up to the limit).
  void wait_until_resting();
  /// Whether the simulation gives the host time (set_host_deadline), and how often it has begun to.
  bool giving_time() const;
  std::uint64_t times_given() const;
  /// As wait_until_resting(), but also returns when it has begun to give time more than `seen` times.
  void wait_until_resting_or_giving_time(std::uint64_t seen);
  /// Any thread: runs `task` on the simulation thread as soon as the simulation rests.
  void post_when_resting(Task task);
  /// Host threads: as wait_until_resting(), but also returns when wake() was called more than `seen`
  /// times (see wakes()).
  void wait_until_resting_or_woken(std::uint64_t seen);
  /// Any thread: lets those who wait look at their condition.
  void wake();
  std::uint64_t wakes() const;
  /// Simulation thread: ends the run at the current time even though the limit is not reached (a
  /// completion was published that a step-clock host waits for). The limit becomes now().
  void hold();

  /// A moment when something ends that only the host can still prevent. It is no event: when nothing else is
  /// left to do and there is no limit, the host gets `patience` of wall time; after that, and as soon as a
  /// limit is set beyond that moment, `expire` makes an event of it. Both functions run on the simulation thread.
  struct HostDeadline {
    std::function<SimTime()> next;  // kNever: there is none
    std::function<void()> expire;
    std::chrono::nanoseconds patience{0};
  };
  /// Simulation thread.
  void set_host_deadline(HostDeadline deadline);
  /// Simulation thread: the host will do nothing any more.
  void lose_patience();

  /// Any thread: the current simulated time (published atomically).
  SimTime now() const;
  /// True on the simulation thread.
  bool on_simulation_thread() const;
  /// No task waiting and no event pending at any time: nothing will ever happen again by itself.
  bool idle() const;

 private:
  std::unique_ptr<SimulationThread> thread_;
};

}  // namespace nsim
