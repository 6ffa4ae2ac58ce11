// SPDX-License-Identifier: Apache-2.0
// An eventfd of the client, and its registration for a request or for the compute unit.
#pragma once

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdint>

#include "tests/conformance/client.h"

namespace nsim::test {

class Event {
 public:
  explicit Event(int flags = EFD_NONBLOCK) : fd(eventfd(0, EFD_CLOEXEC | flags)) {
    REQUIRE(fd >= 0);
  }
  ~Event() { close(fd); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  bool readable(int timeout_ms) const {
    pollfd wanted{fd, POLLIN, 0};
    return poll(&wanted, 1, timeout_ms) == 1 && (wanted.revents & POLLIN) != 0;
  }
  /// The count, which is 0 afterwards.
  std::uint64_t take() const {
    std::uint64_t count = 0;
    return readable(0) && read(fd, &count, sizeof count) == sizeof count ? count : 0;
  }
  /// The count once it has come to `wanted`, or what it is after 20 seconds.
  std::uint64_t take(std::uint64_t wanted) const {
    std::uint64_t count = 0;
    while (count < wanted && readable(20000)) {
      count += take();
    }
    return count;
  }
  void add(std::uint64_t count) const { REQUIRE(write(fd, &count, sizeof count) == sizeof count); }

  const int fd;
};

inline NRT_STATUS watch(nrta_seq_t sequence, int fd) {
  return call_c_event_register_seq_id_completion(sequence, fd);
}
inline NRT_STATUS watch_compute(int fd) {
  return call_c_event_register_xu_completion(0, CALL_C_COMPUTE, 0, fd);
}

}  // namespace nsim::test
