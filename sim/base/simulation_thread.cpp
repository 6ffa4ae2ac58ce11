// SPDX-License-Identifier: Apache-2.0
#include "sim/base/simulation_thread.h"

#include <new>
#include <systemc>

#include "sim/base/door.h"

namespace nsim {
namespace {

SimTime current_time() {
  return static_cast<SimTime>(sc_core::sc_time_stamp().value());
}

/// Does what cannot fail any more: whoever posts a task has promised its effect to somebody, and a
/// task that is queued half refers to what its caller unwinds. Waits for memory if need be.
template <class Step>
void insist(Step step) {
  while (true) {
    try {
      return step();
    } catch (const std::bad_alloc&) {
      std::this_thread::yield();
    }
  }
}

/// The SystemC context of one kernel. The process's first one is kept for ever, because the library
/// refers to it from its own statics; later ones are deleted and the first becomes current again.
class Context {
 public:
  Context() {
    // A run that finds nothing to do is normal here.
    sc_core::sc_report_handler::set_actions(sc_core::SC_ID_NO_SC_START_ACTIVITY_,
                                            sc_core::SC_DO_NOTHING);
    if (sc_core::sc_curr_simcontext == nullptr) {
      sc_core::sc_get_curr_simcontext();
      return;
    }
    previous_ = sc_core::sc_curr_simcontext;
    own_ = new sc_core::sc_simcontext;
    sc_core::sc_curr_simcontext = own_;
  }
  ~Context() {
    if (own_ != nullptr) {
      // The events are gone, and with them what they had announced: to look for the next one
      // deletes it. The context itself would leave it to nobody.
      static_cast<void>(sc_core::sc_time_to_pending_activity());
      delete own_;
      sc_core::sc_curr_simcontext = previous_;
    }
  }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

 private:
  sc_core::sc_simcontext* previous_ = nullptr;
  sc_core::sc_simcontext* own_ = nullptr;
};

}  // namespace

SimulationThread::SimulationThread(const std::function<std::shared_ptr<void>()>& build) {
  Lock lock(mutex_);
  thread_ = std::thread([this, &build] { thread_main(build); });
  resting_changed_.wait(lock, [this] { return ready_; });
  if (build_error_) {
    lock.unlock();
    thread_.join();
    std::rethrow_exception(build_error_);
  }
}

SimulationThread::~SimulationThread() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
    enqueue([this] { pause(); });
  }
  work_.notify_one();
  thread_.join();
}

void SimulationThread::thread_main(const std::function<std::shared_ptr<void>()>& build) {
  thread_id_ = std::this_thread::get_id();
  Context context;
  std::unique_ptr<Door> door;
  std::shared_ptr<void> model;
  std::exception_ptr error;
  try {
    door = std::make_unique<Door>("door", [this] { run_tasks(); });
    model = build();
    sc_core::sc_start(sc_core::SC_ZERO_TIME);  // elaborates and initialises
  } catch (...) {
    error = std::current_exception();
  }
  {
    std::lock_guard<std::mutex> lock(mutex_);
    door_ = door.get();
    build_error_ = error;
    ready_ = true;
    resting_changed_.notify_all();
  }
  if (!error) {
    loop();
  }
}

void SimulationThread::loop() {
  Lock lock(mutex_);
  while (true) {
    if (!has_work()) {
      if (stop_) {
        return;
      }
      if (!give_host_time(lock)) {
        rest(lock);
      }
      continue;
    }
    if (!tasks_.empty()) {
      lock.unlock();
      run_tasks();
      lock.lock();
      continue;
    }
    if (stop_) {
      return;
    }
    const SimTime limit = limit_;
    running_ = true;
    running_until_ = limit;
    lock.unlock();
    if (limit != kNever && host_deadline() <= limit) {
      host_.expire();
    }
    advance(limit);
    lock.lock();
    running_ = false;
  }
}

/// Nothing is left to do: true when the host then did something, or its time is over.
bool SimulationThread::give_host_time(Lock& lock) {
  const SimTime deadline = host_deadline();
  if (limit_ != kNever || deadline == kNever || !when_resting_.empty()) {
    return false;
  }
  publish_time();
  if (deadline != waiting_for_) {  // what the host does for others does not prolong it
    waiting_for_ = deadline;
    patience_ends_ = std::chrono::steady_clock::now() + host_.patience;
  }
  giving_time_ = true;
  times_given_.fetch_add(1);
  resting_changed_.notify_all();
  const bool acted = work_.wait_until(lock, patience_ends_, [this] {
    return stop_ || !tasks_.empty() || limit_ != kNever || !when_resting_.empty();
  });
  giving_time_ = false;
  if (!acted) {
    waiting_for_ = kNever;
    lock.unlock();
    host_.expire();
    lock.lock();
  }
  return true;
}

void SimulationThread::rest(Lock& lock) {
  publish_time();
  if (!when_resting_.empty()) {
    tasks_.push_back(std::move(when_resting_.front()));
    when_resting_.pop_front();
    return;
  }
  rest_ = sc_core::sc_pending_activity() || host_deadline() != kNever ? Rest::AtLimit : Rest::Idle;
  resting_changed_.notify_all();
  // Whoever gives work, or may have given some, takes the rest away.
  lock.unlock();
  stay_awake();
  lock.lock();
  work_.wait(lock, [this] { return !resting() || stop_; });
  rest_ = Rest::None;
}

/// A host that waits for the end of one request often has the next one ready. To sleep and be woken
/// costs both threads more than that takes. Without yielding: where others want the processor too,
/// whoever yields gets it back after all of them, however soon the host has work.
void SimulationThread::stay_awake() const {
  constexpr std::chrono::microseconds kAwake{20};
  const auto end = std::chrono::steady_clock::now() + kAwake;
  while (resting() && std::chrono::steady_clock::now() < end) {
  }
}

bool SimulationThread::has_work() const {
  return !tasks_.empty() || can_advance();
}

bool SimulationThread::can_advance() const {
  if (sc_core::sc_pending_activity_at_current_time()) {
    return true;
  }
  return limit_ == kNever ? sc_core::sc_pending_activity_at_future_time() : current_time() < limit_;
}

void SimulationThread::run_tasks() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    batch_.swap(tasks_);
  }
  publish_time();
  for (Task& task : batch_) {
    task();
  }
  batch_.clear();
}

/// Runs up to and including `limit`; less when sc_pause() was called.
void SimulationThread::advance(SimTime limit) {
  if (limit == kNever) {
    sc_core::sc_start();
  } else if (limit > current_time()) {
    // sc_start leaves the processes of its last moment to the next call: loop() comes again for
    // them.
    sc_core::sc_start(sc_core::sc_time::from_value(
        static_cast<sc_core::sc_time::value_type>(limit - current_time())));
  } else {
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
  }
  publish_time();
}

/// Ends the run under way, if there is one. `running_` changes on this thread only.
void SimulationThread::pause() {
  if (running_) {
    sc_core::sc_pause();
  }
}

SimTime SimulationThread::now() const {
  return on_simulation_thread() ? current_time() : now_.load(std::memory_order_acquire);
}

void SimulationThread::publish_time() {
  now_.store(current_time(), std::memory_order_release);
}

/// With the mutex held; then work_ is to be notified without it, so that the thread that wakes up
/// finds it free.
void SimulationThread::enqueue(Task task) {
  const bool first = tasks_.empty();
  insist([&] { tasks_.push_back(std::move(task)); });
  rest_ = Rest::None;
  if (first && running_) {
    insist([this] { door_->ring(); });
  }
}

void SimulationThread::post(Task task) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    enqueue(std::move(task));
  }
  work_.notify_one();
}

void SimulationThread::post_when_resting(Task task) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    insist([&] { when_resting_.push_back(std::move(task)); });
    rest_ = Rest::None;
  }
  work_.notify_one();
}

void SimulationThread::set_limit(SimTime limit) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    limit_ = limit;
    rest_ = Rest::None;
    if (running_ && limit < running_until_) {
      enqueue([this] { pause(); });
    }
  }
  work_.notify_one();
}

void SimulationThread::hold() {
  std::lock_guard<std::mutex> lock(mutex_);
  limit_ = current_time();
  pause();
}

void SimulationThread::wait_until_resting() {
  Lock lock(mutex_);
  resting_changed_.wait(lock, [this] { return resting(); });
}

void SimulationThread::wait_until_resting_or_giving_time(std::uint64_t seen) {
  Lock lock(mutex_);
  resting_changed_.wait(lock, [&] { return resting() || times_given_.load() != seen; });
}

void SimulationThread::lose_patience() {
  host_.patience = {};
  patience_ends_ = {};
}

void SimulationThread::wait_until_resting_or_woken(std::uint64_t seen) {
  // Either this thread sees the wake, or wake() sees this thread: both orders are sequentially
  // consistent.
  sleepers_.fetch_add(1);
  Lock lock(mutex_);
  resting_changed_.wait(lock, [&] { return resting() || wakes_.load() != seen; });
  sleepers_.fetch_sub(1);
}

void SimulationThread::wake() {
  wakes_.fetch_add(1);
  if (sleepers_.load() == 0) {
    return;
  }
  {
    // A sleeper has seen the new count, or waits by now.
    const std::lock_guard<std::mutex> lock(mutex_);
  }
  resting_changed_.notify_all();
}

}  // namespace nsim
