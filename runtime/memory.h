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
#include <optional>
#include <string>
#include <vector>

#include "sim/hw/hardware.h"

namespace nsim::rt {

/// The categories of the runtime's memory reports.
enum class MemoryUse : std::uint8_t {
  Tensors,
  Constants,
  Code,
  Microcode,
  ProfileBuffers,
  SharedScratchpad,
  Scratchpad,
  DmaRings,
  Collectives,
  Misc
};
inline constexpr int kMemoryUseCount = 10;
/// "model constants"
const char* memory_use_name(MemoryUse use);

class HbmPool;

/// Part of a stack that is taken.
struct HbmBlock {
  std::uint64_t offset = 0;  // from the start of the region
  std::uint64_t bytes = 0;
  MemoryUse use = MemoryUse::Misc;
  std::string owner;  // the model it belongs to; "" when it belongs to none
};

/// Told what happens to a pool, on the thread that does it.
class MemoryObserver {
 public:
  virtual ~MemoryObserver() = default;
  /// With the pool locked, so that the order is that of the pool.
  virtual void allocated(const HbmPool& pool, const HbmBlock& block) noexcept = 0;
  virtual void released(const HbmPool& pool, const HbmBlock& block) noexcept = 0;
  /// With the pool unlocked: an allocation is about to fail.
  virtual void exhausted(const HbmPool& pool) = 0;
};

class HbmPool {
 public:
  /// `observer` may be absent.
  HbmPool(const hw::HbmRegion& region, int index, std::int64_t page_bytes,
          std::shared_ptr<MemoryObserver> observer = nullptr);

  const hw::HbmRegion& region() const { return region_; }
  int index() const { return index_; }
  /// Offset from the start of the region; throws StatusError(NRT_RESOURCE) that says who uses the
  /// memory.
  std::uint64_t allocate(std::uint64_t bytes, MemoryUse use, const std::string& owner = "");
  void release(std::uint64_t offset) noexcept;
  std::uint64_t used() const;
  /// What is taken, by address, and what is free: offset -> bytes.
  std::vector<HbmBlock> blocks() const;
  std::map<std::uint64_t, std::uint64_t> holes() const;

 private:
  /// Nothing when it does not fit.
  std::optional<std::uint64_t> take(std::uint64_t bytes, MemoryUse use, const std::string& owner);
  std::string summary() const;

  using Holes = std::map<std::uint64_t, std::uint64_t>;  // offset -> bytes, never adjacent
  struct Taken {
    HbmBlock block;
    Holes::node_type hole;  // what it becomes, so that release() needs no memory
  };

  const hw::HbmRegion region_;
  const int index_;
  const std::uint64_t page_bytes_;
  const std::shared_ptr<MemoryObserver> observer_;
  mutable std::mutex mutex_;
  Holes free_;
  std::map<std::uint64_t, Taken> taken_;  // by offset
  std::array<std::uint64_t, kMemoryUseCount> used_{};
};

/// A range of device or host memory that the device can address.
class Allocation {
 public:
  static std::shared_ptr<Allocation> device(std::shared_ptr<HbmPool> pool, std::uint64_t bytes,
                                            MemoryUse use, const std::string& owner = "");
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
  /// Device memory only.
  MemoryUse use() const { return use_; }
  /// nullptr for host memory.
  const HbmPool* pool() const { return pool_.get(); }

 private:
  Allocation() = default;

  std::shared_ptr<HbmPool> pool_;
  std::uint64_t offset_ = 0;
  std::uint64_t address_ = 0;
  std::byte* data_ = nullptr;
  std::uint64_t bytes_ = 0;
  MemoryUse use_ = MemoryUse::Misc;
  bool mapped_ = false;
};

/// Device-visible address of host memory.
std::uint64_t host_address(const void* memory);

}  // namespace nsim::rt
