// SPDX-License-Identifier: Apache-2.0
// Storage of SBUF and PSUM: 128 partitions, one after the other in the host's address space.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nsim::hw {

inline constexpr int kPartitions = 128;

class OnChipMemory {
 public:
  /// Zero everywhere; a page of the host appears when it is first written. Without `numerics` there
  /// is no storage.
  OnChipMemory(std::int64_t partition_bytes, bool numerics);
  ~OnChipMemory();
  OnChipMemory(const OnChipMemory&) = delete;
  OnChipMemory& operator=(const OnChipMemory&) = delete;

  /// Partition 0, byte 0; nullptr with numerics off.
  std::byte* storage() const { return storage_; }
  /// Bytes from a partition to the next, which is all of a partition.
  std::int64_t partition_stride() const { return partition_bytes_; }

 private:
  std::int64_t partition_bytes_;
  std::byte* storage_ = nullptr;
};

}  // namespace nsim::hw
