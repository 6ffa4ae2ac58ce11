// SPDX-License-Identifier: Apache-2.0
#include "runtime/unit_events.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <string_view>
#include <utility>

namespace nsim::rt {
namespace {

/// Adds 1 where there is room for it. The caller's eventfd may be full and blocking: the device
/// must not wait for him (R41). Nothing else can go wrong that anybody could be told.
void signal(const Descriptor& event) {
  pollfd room{event.get(), POLLOUT, 0};
  if (poll(&room, 1, 0) == 1 && (room.revents & POLLOUT) != 0) {
    const std::uint64_t one = 1;
    static_cast<void>(!write(event.get(), &one, sizeof one));
  }
}

Descriptor duplicate(int fd) {
#ifdef __SANITIZE_THREAD__
  // Of the ways to duplicate it knows this one: what is written to the copy is read from `fd`.
  Descriptor copy(dup(fd));
  if (copy) {
    fcntl(copy.get(), F_SETFD, FD_CLOEXEC);
  }
  return copy;
#else
  return Descriptor(fcntl(fd, F_DUPFD_CLOEXEC, 0));
#endif
}

/// Writing to a pipe or a socket could end the process, so that nothing but eventfds is taken.
/// Without /proc every descriptor is.
bool is_eventfd(int fd) {
  std::array<char, 64> target{};
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t size = readlink(link.c_str(), target.data(), target.size());
  if (size < 0) {
    return true;
  }
  return std::string_view(target.data(), static_cast<std::size_t>(size)) == "anon_inode:[eventfd]";
}

UnitEvents::Result take(int fd, Descriptor& ours) {
  if (fd == -1) {
    return UnitEvents::Result::Ok;
  }
  ours = duplicate(fd);
  if (!ours) {
    return errno == EMFILE ? UnitEvents::Result::NoDescriptorLeft : UnitEvents::Result::NoEventfd;
  }
  return is_eventfd(ours.get()) ? UnitEvents::Result::Ok : UnitEvents::Result::NoEventfd;
}

}  // namespace

Descriptor::~Descriptor() {
  if (fd_ >= 0) {
    close(fd_);
  }
}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

int Descriptor::release() {
  return std::exchange(fd_, -1);
}

int UnitEvents::handle(std::uint64_t number) {
  Descriptor theirs(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!theirs) {
    return -1;
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  if (number <= completed_.load(std::memory_order_acquire)) {
    signal(theirs);
    return theirs.release();
  }
  Descriptor ours = duplicate(theirs.get());
  if (!ours) {
    return -1;
  }
  handles_.emplace(number, std::move(ours));
  return theirs.release();
}

UnitEvents::Result UnitEvents::watch(std::uint64_t number, int fd) {
  Descriptor ours;
  if (const Result result = take(fd, ours); result != Result::Ok) {
    return result;
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  if (fd == -1) {
    events_.erase(number);
  } else if (number <= completed_.load(std::memory_order_acquire)) {
    // It may still be about to be signalled: the new event takes the place of the old one.
    events_.erase(number);
    signal(ours);
  } else {
    events_[number] = std::move(ours);
  }
  return Result::Ok;
}

UnitEvents::Result UnitEvents::watch_all(int fd) {
  Descriptor ours;
  if (const Result result = take(fd, ours); result != Result::Ok) {
    return result;
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  unit_event_ = std::move(ours);
  unit_event_after_ = completed_.load(std::memory_order_acquire);
  return Result::Ok;
}

void UnitEvents::completed(std::uint64_t number) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto fire = [number](auto& waiting) {
    const auto end = waiting.upper_bound(number);
    for (auto each = waiting.begin(); each != end; ++each) {
      signal(each->second);
    }
    waiting.erase(waiting.begin(), end);
  };
  fire(handles_);
  fire(events_);
  if (unit_event_ && number > unit_event_after_) {
    signal(unit_event_);
  }
}

}  // namespace nsim::rt
