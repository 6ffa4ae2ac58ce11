// SPDX-License-Identifier: Apache-2.0
#include "runtime/handle_table.h"

namespace nsim::rt {

std::uintptr_t next_handle() {
  // Multiples of 16 from a range that no allocator hands out: recognisable in a debugger, and
  // aligned like a pointer.
  constexpr std::uintptr_t kFirst = 0x4e52540000000000;  // "NRT"
  constexpr std::uintptr_t kStep = 16;
  static std::atomic<std::uintptr_t> next{kFirst + kStep};
  return next.fetch_add(kStep, std::memory_order_relaxed);
}

}  // namespace nsim::rt
