// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/on_chip_memory.h"

#include <sys/mman.h>

#include <new>

namespace nsim::hw {

OnChipMemory::OnChipMemory(std::int64_t partition_bytes, bool numerics)
    : partition_bytes_(partition_bytes) {
  if (!numerics) {
    return;
  }
  void* mapped = mmap(nullptr, static_cast<std::size_t>(partition_bytes_ * kPartitions),
                      PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) {
    throw std::bad_alloc();
  }
  storage_ = static_cast<std::byte*>(mapped);
}

OnChipMemory::~OnChipMemory() {
  if (storage_ != nullptr) {
    munmap(storage_, static_cast<std::size_t>(partition_bytes_ * kPartitions));
  }
}

}  // namespace nsim::hw
