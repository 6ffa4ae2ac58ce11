// SPDX-License-Identifier: Apache-2.0
// Checks of the stress programs, for any thread: what must hold is counted, what nothing can go on
// without ends the program.
#pragma once

#include <nrt/nrt_status.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>

namespace nsim::test {

inline std::atomic<int> failures{0};

inline void expect(bool condition, const char* what) {
  if (!condition) {
    std::fprintf(stderr, "failed: %s\n", what);
    ++failures;
  }
}

inline void require(NRT_STATUS status, const char* what) {
  if (status != NRT_SUCCESS) {
    std::fprintf(stderr, "%s: %s\n", what, nrt_get_status_as_str(status));
    std::exit(1);
  }
}

inline long entries(const char* folder) {
  long count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    static_cast<void>(entry);
    ++count;
  }
  return count;
}

/// Threads of the process. The kernel lists a thread for a moment after it was joined, so that more
/// than `expected` are given a second to go.
inline long living_threads(long expected = 1) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point end = Clock::now() + std::chrono::seconds(1);
  long threads = entries("/proc/self/task");
  while (threads > expected && Clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    threads = entries("/proc/self/task");
  }
  return threads;
}

}  // namespace nsim::test
