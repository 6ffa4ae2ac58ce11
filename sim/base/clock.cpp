// SPDX-License-Identifier: Apache-2.0
#include "sim/base/clock.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

namespace nsim {

ClockParams::ClockParams(ParamScope scope)
    : mode(scope.from("assumed: a setting of the simulator")
               .choice("mode", "free", {"free", "step"},
                       "How host time and device time are coupled")),
      submit_cost(scope.from("assumed: a library call and a register write")
                      .duration("submit_cost", "3us", "0ns", "1s",
                                "Simulated host time of one schedule call (step clock)")),
      poll_cost(scope.from("assumed: a library call and a read of host memory")
                    .duration("poll_cost", "500ns", "1ns", "1s",
                              "Simulated host time of one completion query (step clock)")),
      grace(scope.from("assumed: a setting of the simulator")
                .duration(
                    "grace", "100ms", "1ms", "1000s",
                    "Wall time without a call after which a host with pending requests is taken "
                    "to sleep (step clock)")),
      patience(scope.from("assumed: a setting of the simulator")
                   .duration("patience", "5s", "0ns", "1000s",
                             "Wall time that the host has to bring the ranks a collective waits "
                             "for, when the device has nothing else to do")) {}

namespace {

class FreeClock : public HostClock {
 public:
  explicit FreeClock(Kernel& kernel) : kernel_(kernel) { kernel_.set_limit(kNever); }

  void submit(Kernel::Task doorbell, Doorbell state) override {
    if (state == Doorbell::Needed) {
      kernel_.post(std::move(doorbell));
    }
  }
  void poll() override {
    constexpr int kInVain = 64;
    thread_local std::uint64_t seen = 0;
    thread_local int looks = 0;
    const std::uint64_t wakes = kernel_.wakes();
    looks = wakes == seen ? looks + 1 : 0;
    seen = wakes;
    if (looks >= kInVain && !kernel_.idle()) {
      std::this_thread::yield();
    }
  }
  bool wait(const std::function<bool()>& done) override {
    while (true) {
      const std::uint64_t seen = kernel_.wakes();
      if (done()) {
        return true;
      }
      if (kernel_.idle()) {
        return done();
      }
      kernel_.wait_until_resting_or_woken(seen);
    }
  }
  void completed() override { kernel_.wake(); }
  void may_sleep() override {}
  void pending(int) override {}
  SimTime now() const override { return kernel_.now(); }

 private:
  Kernel& kernel_;
};

/// While nobody waits, the limit is the host's time; while somebody does, there is no limit, and
/// each completion ends the run (Kernel::hold), so that every waiter looks at the same moment.
class StepClock : public HostClock {
 public:
  StepClock(const ClockParams& params, Kernel& kernel);
  ~StepClock() override;

  void submit(Kernel::Task doorbell, Doorbell state) override;
  void poll() override;
  bool wait(const std::function<bool()>& done) override;
  void completed() override;
  void may_sleep() override;
  void pending(int change) override;
  SimTime now() const override;

 private:
  /// Lets `cost` pass on the host and, unless another thread waits, the device catch up with it.
  void spend(SimTime cost, Kernel::Task then);
  /// Lets the device run to the next completion after the `seen`th, if that has not come yet.
  void allow_completion(std::uint64_t seen);
  /// The same, and waits for it.
  void run_to_completion(std::uint64_t seen);
  void watch_for_sleepers();

  Kernel& kernel_;
  const SimTime submit_cost_;
  const SimTime poll_cost_;
  const std::chrono::nanoseconds grace_;

  mutable std::mutex mutex_;
  std::condition_variable watch_;
  SimTime host_time_ = 0;
  int waiters_ = 0;
  bool for_sleeper_ = false;  // the run under way is on behalf of a sleeping host
  bool may_sleep_ = false;
  int calls_under_way_ = 0;
  std::int64_t pending_ = 0;
  std::uint64_t calls_ = 0;
  bool stop_ = false;
  std::atomic<std::uint64_t> completions_{0};
  std::thread watcher_;
};

StepClock::StepClock(const ClockParams& params, Kernel& kernel)
    : kernel_(kernel),
      submit_cost_(params.submit_cost),
      poll_cost_(params.poll_cost),
      grace_(params.grace / kNanosecond),
      host_time_(kernel.now()),
      watcher_([this] { watch_for_sleepers(); }) {}

StepClock::~StepClock() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  watch_.notify_one();
  watcher_.join();
}

void StepClock::submit(Kernel::Task doorbell, Doorbell) {
  spend(submit_cost_, std::move(doorbell));
}

void StepClock::poll() {
  spend(poll_cost_, nullptr);
}

void StepClock::spend(SimTime cost, Kernel::Task then) {
  // Another thread may wait, and make the simulation work on, before this one has seen it rest:
  // then it sees that the simulation waits for the host.
  std::uint64_t given = 0;
  {
    std::unique_lock<std::mutex> lock(mutex_);
    ++calls_;
    ++calls_under_way_;
    while (for_sleeper_) {
      // The host woke up before the run that woke it has come to its end.
      lock.unlock();
      given = kernel_.times_given();
      if (!kernel_.giving_time()) {
        kernel_.wait_until_resting_or_giving_time(given);
      }
      lock.lock();
      for_sleeper_ = false;
    }
    host_time_ = std::max(host_time_, kernel_.now()) + cost;
    if (waiters_ > 0) {
      if (then) {
        kernel_.post(std::move(then));
      }
      --calls_under_way_;
      return;
    }
    given = kernel_.times_given();
    kernel_.set_limit(host_time_);
    if (then) {
      kernel_.post_when_resting(std::move(then));
    }
  }
  kernel_.wait_until_resting_or_giving_time(given);
  const std::lock_guard<std::mutex> lock(mutex_);
  ++calls_;
  --calls_under_way_;
}

bool StepClock::wait(const std::function<bool()>& done) {
  while (true) {
    const std::uint64_t seen = completions_.load(std::memory_order_acquire);
    const std::uint64_t given = kernel_.times_given();
    if (done()) {
      return true;
    }
    if (kernel_.idle()) {
      return done();
    }
    {
      std::lock_guard<std::mutex> lock(mutex_);
      ++calls_;
      ++waiters_;
    }
    if (!kernel_.giving_time()) {
      allow_completion(seen);
    }
    kernel_.wait_until_resting_or_giving_time(given);
    {
      std::lock_guard<std::mutex> lock(mutex_);
      ++calls_;
      --waiters_;
      host_time_ = std::max(host_time_, kernel_.now());
    }
    watch_.notify_one();
  }
}

void StepClock::run_to_completion(std::uint64_t seen) {
  allow_completion(seen);
  kernel_.wait_until_resting();
}

void StepClock::allow_completion(std::uint64_t seen) {
  kernel_.post([this, seen] {
    if (completions_.load(std::memory_order_relaxed) == seen) {
      kernel_.set_limit(kNever);
    }
  });
}

void StepClock::completed() {
  completions_.fetch_add(1, std::memory_order_acq_rel);
  std::lock_guard<std::mutex> lock(mutex_);
  if (waiters_ > 0 || for_sleeper_) {
    kernel_.hold();
  }
}

void StepClock::may_sleep() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    may_sleep_ = true;
  }
  watch_.notify_one();
}

void StepClock::pending(int change) {
  bool notify = false;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    notify = pending_ == 0;
    pending_ += change;
  }
  if (notify) {
    watch_.notify_one();
  }
}

SimTime StepClock::now() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return std::max(host_time_, waiters_ > 0 ? kernel_.now() : host_time_);
}

void StepClock::watch_for_sleepers() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stop_) {
    if (!may_sleep_ || pending_ == 0 || waiters_ > 0) {
      watch_.wait(lock);
      continue;
    }
    const std::uint64_t calls = calls_;
    watch_.wait_for(lock, grace_);
    if (stop_ || pending_ == 0 || waiters_ > 0 || calls_under_way_ > 0 || calls != calls_) {
      continue;
    }
    if (kernel_.idle()) {
      continue;
    }
    const std::uint64_t seen = completions_.load(std::memory_order_acquire);
    for_sleeper_ = true;
    lock.unlock();
    run_to_completion(seen);
    lock.lock();
    for_sleeper_ = false;
    host_time_ = std::max(host_time_, kernel_.now());
  }
}

}  // namespace

std::unique_ptr<HostClock> HostClock::create(const ClockParams& params, Kernel& kernel) {
  if (params.mode == "step") {
    return std::make_unique<StepClock>(params, kernel);
  }
  return std::make_unique<FreeClock>(kernel);
}

}  // namespace nsim
