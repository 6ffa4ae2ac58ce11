// SPDX-License-Identifier: Apache-2.0
#include "runtime/host_thread.h"

#include <atomic>

namespace nsim::rt {

int host_thread_index() {
  static std::atomic<int> next{0};
  thread_local const int index = next.fetch_add(1, std::memory_order_relaxed);
  return index;
}

}  // namespace nsim::rt
