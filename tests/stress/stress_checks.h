// SPDX-License-Identifier: Apache-2.0
// Checks of the stress programs, for any thread: what must hold is counted, what nothing can go on
// without ends the program.
#pragma once

#include <nrt/nrt_status.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>

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

}  // namespace nsim::test
