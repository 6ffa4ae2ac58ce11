// SPDX-License-Identifier: Apache-2.0
// The synchronous executions under way that use one storage, in the order in which they began
// (R29). A synchronous access waits for those that are there when it comes, and not for later ones:
// else it might wait for as long as other threads execute.
#pragma once

#include <cstdint>
#include <list>
#include <mutex>

namespace nsim::rt {

class RunningExecutions {
 public:
  /// One execution. Made before it begins, so that beginning needs no memory.
  class Mark {
   public:
    Mark() : number_(1), at_(number_.begin()) {}
    Mark(const Mark&) = delete;
    Mark& operator=(const Mark&) = delete;

   private:
    friend class RunningExecutions;
    std::list<std::uint64_t> number_;  // empty while the execution is under way
    std::list<std::uint64_t>::iterator at_;
  };

  // Any thread.

  void begin(Mark& mark) noexcept {
    const std::lock_guard<std::mutex> lock(mutex_);
    *mark.at_ = ++begun_;
    running_.splice(running_.end(), mark.number_);
  }
  void end(Mark& mark) noexcept {
    const std::lock_guard<std::mutex> lock(mutex_);
    mark.number_.splice(mark.number_.end(), running_, mark.at_);
  }
  /// How many have begun so far.
  std::uint64_t begun() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return begun_;
  }
  /// Whether the first `count` have ended.
  bool ended(std::uint64_t count) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return running_.empty() || running_.front() > count;
  }

 private:
  mutable std::mutex mutex_;
  std::uint64_t begun_ = 0;
  std::list<std::uint64_t> running_;  // numbers, ascending
};

}  // namespace nsim::rt
