// SPDX-License-Identifier: Apache-2.0
// Device memory: one first-fit allocator per HBM stack, with accounting by category; and plain host
// memory.
//
// An Allocation owns its range until destroyed, which may happen on any thread. Addresses depend on
// nothing but the order of allocations.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "sim/hw/hardware.h"

namespace nsim::rt {

enum class MemoryUse : std::uint8_t { Tensors, Constants, Code, Scratchpad, Microcode };
inline constexpr int kMemoryUseCount = 5;

class HbmPool {
 public:
  HbmPool(const hw::HbmRegion& region, int index, std::int64_t page_bytes);

  const hw::HbmRegion& region() const { return region_; }
  int index() const { return index_; }
  /// Offset from the start of the region; throws StatusError(NRT_RESOURCE) with a table of who uses
  /// the memory.
  std::uint64_t allocate(std::uint64_t bytes, MemoryUse use);
  void release(std::uint64_t offset);
  std::uint64_t used() const;

 private:
  struct Block {
    std::uint64_t bytes;
    MemoryUse use;
  };
  std::string report() const;

  const hw::HbmRegion region_;
  const int index_;
  const std::uint64_t page_bytes_;
  mutable std::mutex mutex_;
  std::map<std::uint64_t, std::uint64_t> free_;  // offset -> bytes, never adjacent
  std::map<std::uint64_t, Block> taken_;
  std::array<std::uint64_t, kMemoryUseCount> used_{};
};

/// A range of device or host memory that the device can address.
class Allocation {
 public:
  static std::shared_ptr<Allocation> device(std::shared_ptr<HbmPool> pool, std::uint64_t bytes,
                                            MemoryUse use);
  /// Zeroed. Throws StatusError(NRT_RESOURCE).
  static std::shared_ptr<Allocation> host(std::uint64_t bytes);
  /// The caller's own memory; not freed.
  static std::shared_ptr<Allocation> attached(void* memory, std::uint64_t bytes);
  ~Allocation();
  Allocation(const Allocation&) = delete;
  Allocation& operator=(const Allocation&) = delete;

  std::uint64_t address() const { return address_; }
  std::byte* data() const { return data_; }
  std::uint64_t bytes() const { return bytes_; }
  /// nullptr for host memory.
  const HbmPool* pool() const { return pool_.get(); }

 private:
  Allocation() = default;

  std::shared_ptr<HbmPool> pool_;
  std::uint64_t offset_ = 0;
  std::uint64_t address_ = 0;
  std::byte* data_ = nullptr;
  std::uint64_t bytes_ = 0;
  bool mapped_ = false;
};

/// Device-visible address of host memory.
std::uint64_t host_address(const void* memory);

}  // namespace nsim::rt
