// SPDX-License-Identifier: Apache-2.0
#include "sim/base/kernel.h"

#include <condition_variable>
#include <exception>
#include <mutex>
#include <utility>

#include "sim/base/simulation_thread.h"

namespace nsim {

Kernel::Kernel(const std::function<std::shared_ptr<void>()>& build)
    : thread_(std::make_unique<SimulationThread>(build)) {}
Kernel::~Kernel() = default;

void Kernel::post(Task task) {
  thread_->post(std::move(task));
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
  thread_->set_limit(limit);
}
void Kernel::wait_until_resting() {
  thread_->wait_until_resting();
}
void Kernel::post_when_resting(Task task) {
  thread_->post_when_resting(std::move(task));
}
void Kernel::wait_until_resting_or_woken(std::uint64_t seen) {
  thread_->wait_until_resting_or_woken(seen);
}
void Kernel::wait_until_resting_or_giving_time(std::uint64_t seen) {
  thread_->wait_until_resting_or_giving_time(seen);
}
bool Kernel::giving_time() const {
  return thread_->giving_time();
}
std::uint64_t Kernel::times_given() const {
  return thread_->times_given();
}
void Kernel::set_host_deadline(HostDeadline deadline) {
  thread_->set_host_deadline(std::move(deadline));
}
void Kernel::lose_patience() {
  thread_->lose_patience();
}
void Kernel::wake() {
  thread_->wake();
}
std::uint64_t Kernel::wakes() const {
  return thread_->wakes();
}
void Kernel::hold() {
  thread_->hold();
}
SimTime Kernel::now() const {
  return thread_->now();
}
bool Kernel::on_simulation_thread() const {
  return thread_->on_simulation_thread();
}
bool Kernel::idle() const {
  return thread_->idle();
}

}  // namespace nsim
