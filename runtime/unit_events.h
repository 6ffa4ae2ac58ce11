// SPDX-License-Identifier: Apache-2.0
// File descriptors that tell of the completions of one unit: completion handles (ours, given away)
// and events (eventfds of the caller).
//
// For either the unit keeps a descriptor of its own of the same event: the caller's number may be
// closed, and mean another file, at any time. Signalling happens under the lock that registration
// takes, so that nothing is written to a withdrawn event afterwards, and it never blocks.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>

namespace nsim::rt {

/// An open descriptor, closed with its owner; -1: none.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release();

 private:
  int fd_;
};

class UnitEvents {
 public:
  /// `completed`: number of the unit's last completed request; outlives this object.
  explicit UnitEvents(const std::atomic<std::uint64_t>& completed) : completed_(completed) {}

  // Any thread.

  enum class Result { Ok, NoEventfd, NoDescriptorLeft };
  /// A new descriptor for the caller that becomes readable when `number` is complete; -1 when there
  /// is none left.
  int handle(std::uint64_t number);
  /// Adds 1 to `fd` when `number` is complete, at once when it is. Replaces the number's event; -1
  /// withdraws it.
  Result watch(std::uint64_t number, int fd);
  /// Adds 1 to `fd` for every completion from now on. Replaces the unit's event; -1 withdraws it.
  Result watch_all(int fd);

  /// Simulation thread, after `completed` says so: signals what waits for `number`.
  void completed(std::uint64_t number);

 private:
  const std::atomic<std::uint64_t>& completed_;

  std::mutex mutex_;
  std::multimap<std::uint64_t, Descriptor> handles_;
  std::map<std::uint64_t, Descriptor> events_;
  Descriptor unit_event_;
  std::uint64_t unit_event_after_ =
      0;  // completions up to that number came before its registration
};

}  // namespace nsim::rt
