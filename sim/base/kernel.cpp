// SPDX-License-Identifier: Apache-2.0
#include "sim/base/kernel.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <systemc>
#include <thread>
#include <utility>

#include "sim/base/door.h"

namespace nsim {
namespace {

using Tasks = std::deque<Kernel::Task>;

SimTime current_time() {
  return static_cast<SimTime>(sc_core::sc_time_stamp().value());
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

class Kernel::Impl {
 public:
  explicit Impl(const std::function<std::shared_ptr<void>()>& build);
  ~Impl();

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
  SimTime now() const {
    return on_simulation_thread() ? current_time() : now_.load(std::memory_order_acquire);
  }
  bool on_simulation_thread() const { return std::this_thread::get_id() == thread_id_; }
  bool idle() const { return rest_.load(std::memory_order_acquire) == Rest::Idle; }

 private:
  using Lock = std::unique_lock<std::mutex>;

  enum class Rest : std::uint8_t { None, AtLimit, Idle };

  // All on the simulation thread.
  void thread_main(const std::function<std::shared_ptr<void>()>& build);
  void loop();
  bool give_host_time(Lock& lock);
  SimTime host_deadline() const { return host_.next ? host_.next() : kNever; }
  void rest(Lock& lock);
  bool resting() const { return rest_.load(std::memory_order_relaxed) != Rest::None; }
  bool has_work() const;
  bool can_advance() const;
  void run_tasks();
  void advance(SimTime limit);
  void pause();

  void enqueue(Task task);
  void publish_time() { now_.store(current_time(), std::memory_order_release); }

  mutable std::mutex mutex_;
  std::condition_variable work_;             // for the simulation thread
  std::condition_variable resting_changed_;  // for host threads
  Tasks tasks_;
  Tasks when_resting_;
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

Kernel::Impl::Impl(const std::function<std::shared_ptr<void>()>& build) {
  Lock lock(mutex_);
  thread_ = std::thread([this, &build] { thread_main(build); });
  resting_changed_.wait(lock, [this] { return ready_; });
  if (build_error_) {
    lock.unlock();
    thread_.join();
    std::rethrow_exception(build_error_);
  }
}

Kernel::Impl::~Impl() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
    enqueue([this] { pause(); });
  }
  thread_.join();
}

void Kernel::Impl::thread_main(const std::function<std::shared_ptr<void>()>& build) {
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

void Kernel::Impl::loop() {
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
bool Kernel::Impl::give_host_time(Lock& lock) {
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

void Kernel::Impl::rest(Lock& lock) {
  publish_time();
  if (!when_resting_.empty()) {
    tasks_.push_back(std::move(when_resting_.front()));
    when_resting_.pop_front();
    return;
  }
  rest_ = sc_core::sc_pending_activity() || host_deadline() != kNever ? Rest::AtLimit : Rest::Idle;
  resting_changed_.notify_all();
  // Whoever gives work, or may have given some, takes the rest away.
  work_.wait(lock, [this] { return !resting() || stop_; });
  rest_ = Rest::None;
}

bool Kernel::Impl::has_work() const {
  return !tasks_.empty() || can_advance();
}

bool Kernel::Impl::can_advance() const {
  if (sc_core::sc_pending_activity_at_current_time()) {
    return true;
  }
  return limit_ == kNever ? sc_core::sc_pending_activity_at_future_time() : current_time() < limit_;
}

void Kernel::Impl::run_tasks() {
  Tasks batch;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    batch.swap(tasks_);
  }
  publish_time();
  for (Task& task : batch) {
    task();
  }
}

/// Runs up to and including `limit`; less when sc_pause() was called.
void Kernel::Impl::advance(SimTime limit) {
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
void Kernel::Impl::pause() {
  if (running_) {
    sc_core::sc_pause();
  }
}

void Kernel::Impl::enqueue(Task task) {
  const bool first = tasks_.empty();
  tasks_.push_back(std::move(task));
  rest_ = Rest::None;
  if (!first) {
    return;
  }
  if (running_) {
    door_->ring();
  } else {
    work_.notify_one();
  }
}

void Kernel::Impl::post(Task task) {
  std::lock_guard<std::mutex> lock(mutex_);
  enqueue(std::move(task));
}

void Kernel::Impl::post_when_resting(Task task) {
  std::lock_guard<std::mutex> lock(mutex_);
  when_resting_.push_back(std::move(task));
  rest_ = Rest::None;
  work_.notify_one();
}

void Kernel::Impl::set_limit(SimTime limit) {
  std::lock_guard<std::mutex> lock(mutex_);
  limit_ = limit;
  rest_ = Rest::None;
  if (running_ && limit < running_until_) {
    enqueue([this] { pause(); });
  } else {
    work_.notify_one();
  }
}

void Kernel::Impl::hold() {
  std::lock_guard<std::mutex> lock(mutex_);
  limit_ = current_time();
  pause();
}

void Kernel::Impl::wait_until_resting() {
  Lock lock(mutex_);
  resting_changed_.wait(lock, [this] { return resting(); });
}

void Kernel::Impl::wait_until_resting_or_giving_time(std::uint64_t seen) {
  Lock lock(mutex_);
  resting_changed_.wait(lock, [&] { return resting() || times_given_.load() != seen; });
}

void Kernel::Impl::lose_patience() {
  host_.patience = {};
  patience_ends_ = {};
}

void Kernel::Impl::wait_until_resting_or_woken(std::uint64_t seen) {
  // Either this thread sees the wake, or wake() sees this thread: both orders are sequentially
  // consistent.
  sleepers_.fetch_add(1);
  Lock lock(mutex_);
  resting_changed_.wait(lock, [&] { return resting() || wakes_.load() != seen; });
  sleepers_.fetch_sub(1);
}

void Kernel::Impl::wake() {
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

Kernel::Kernel(const std::function<std::shared_ptr<void>()>& build)
    : impl_(std::make_unique<Impl>(build)) {}
Kernel::~Kernel() = default;

void Kernel::post(Task task) {
  impl_->post(std::move(task));
}

void Kernel::call(const Task& task) {
  std::mutex mutex;
  std::condition_variable finished;
  bool done = false;
  std::exception_ptr error;
  post([&] {
    try {
      task();
    } catch (...) {
      error = std::current_exception();
    }
    std::lock_guard<std::mutex> lock(mutex);
    done = true;
    finished.notify_one();
  });
  std::unique_lock<std::mutex> lock(mutex);
  finished.wait(lock, [&] { return done; });
  if (error) {
    std::rethrow_exception(error);
  }
}

void Kernel::set_limit(SimTime limit) {
  impl_->set_limit(limit);
}
void Kernel::wait_until_resting() {
  impl_->wait_until_resting();
}
void Kernel::post_when_resting(Task task) {
  impl_->post_when_resting(std::move(task));
}
void Kernel::wait_until_resting_or_woken(std::uint64_t seen) {
  impl_->wait_until_resting_or_woken(seen);
}
void Kernel::wait_until_resting_or_giving_time(std::uint64_t seen) {
  impl_->wait_until_resting_or_giving_time(seen);
}
bool Kernel::giving_time() const {
  return impl_->giving_time();
}
std::uint64_t Kernel::times_given() const {
  return impl_->times_given();
}
void Kernel::set_host_deadline(HostDeadline deadline) {
  impl_->set_host_deadline(std::move(deadline));
}
void Kernel::lose_patience() {
  impl_->lose_patience();
}
void Kernel::wake() {
  impl_->wake();
}
std::uint64_t Kernel::wakes() const {
  return impl_->wakes();
}
void Kernel::hold() {
  impl_->hold();
}
SimTime Kernel::now() const {
  return impl_->now();
}
bool Kernel::on_simulation_thread() const {
  return impl_->on_simulation_thread();
}
bool Kernel::idle() const {
  return impl_->idle();
}

}  // namespace nsim
