// SPDX-License-Identifier: Apache-2.0
// The thread behind a Kernel (kernel.h has the contract of every function here): a loop that runs
// tasks of the host and SystemC in turn, and rests in between.
//
// Data flow: post() -> tasks_ -> run_tasks(), between two runs of SystemC or, inside one, from the
// Door -> rest() or give_host_time() when neither tasks nor events are left -> host threads that
// wait for that.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "sim/base/kernel.h"

namespace nsim {

class Door;

class SimulationThread {
 public:
  using Task = Kernel::Task;
  using HostDeadline = Kernel::HostDeadline;

  explicit SimulationThread(const std::function<std::shared_ptr<void>()>& build);
  ~SimulationThread();

  void post(Task task);
  void post_when_resting(Task task);
  void set_limit(SimTime limit);
  void hold();
  void wait_until_resting();
  void wait_until_resting_or_woken(std::uint64_t seen);
  void wait_until_resting_or_giving_time(std::uint64_t seen);
  bool giving_time() const { return giving_time_.load(std::memory_order_acquire); }
  std::uint64_t times_given() const { return times_given_.load(std::memory_order_acquire); }
  void set_host_deadline(HostDeadline deadline) { host_ = std::move(deadline); }
  void lose_patience();
  void wake();

  std::uint64_t wakes() const { return wakes_.load(std::memory_order_acquire); }
  SimTime now() const;
  bool on_simulation_thread() const { return std::this_thread::get_id() == thread_id_; }
  bool idle() const { return rest_.load(std::memory_order_acquire) == Rest::Idle; }

 private:
  using Tasks = std::vector<Task>;
  using Lock = std::unique_lock<std::mutex>;

  enum class Rest : std::uint8_t { None, AtLimit, Idle };

  // All on the simulation thread.
  void thread_main(const std::function<std::shared_ptr<void>()>& build);
  void loop();
  bool give_host_time(Lock& lock);
  SimTime host_deadline() const { return host_.next ? host_.next() : kNever; }
  void rest(Lock& lock);
  void stay_awake() const;
  bool resting() const { return rest_.load(std::memory_order_relaxed) != Rest::None; }
  bool has_work() const;
  bool can_advance() const;
  void run_tasks();
  void advance(SimTime limit);
  void pause();

  void enqueue(Task task);
  void publish_time();

  mutable std::mutex mutex_;
  std::condition_variable work_;             // for the simulation thread
  std::condition_variable resting_changed_;  // for host threads
  Tasks tasks_;
  std::deque<Task> when_resting_;
  SimTime limit_ = 0;
  SimTime running_until_ = 0;
  bool running_ = false;                  // inside sc_start: tasks enter by the door
  std::atomic<Rest> rest_{Rest::None};    // written with the mutex held
  std::atomic<bool> giving_time_{false};  // to the host; written with the mutex held
  std::atomic<std::uint64_t> times_given_{0};
  bool stop_ = false;
  bool ready_ = false;
  std::exception_ptr build_error_;

  // Simulation thread only.
  Tasks batch_;  // tasks that run; empty in between
  HostDeadline host_;
  SimTime waiting_for_ = kNever;  // deadline that the host is given time for
  std::chrono::steady_clock::time_point patience_ends_;

  std::atomic<SimTime> now_{0};
  std::atomic<std::uint64_t> wakes_{0};
  std::atomic<int> sleepers_{0};  // host threads that wake() must wake
  Door* door_ = nullptr;          // owned by thread_main
  std::thread::id thread_id_;
  std::thread thread_;
};

}  // namespace nsim
