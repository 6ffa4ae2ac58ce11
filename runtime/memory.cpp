// SPDX-License-Identifier: Apache-2.0
#include "runtime/memory.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include "runtime/status.h"
#include "sim/base/log.h"

namespace nsim::rt {
namespace {

constexpr std::array<const char*, kMemoryUseCount> kUseNames = {
    "tensors",           "model constants", "model code", "microcode",   "profile buffers",
    "shared scratchpad", "scratchpad",      "dma rings",  "collectives", "misc"};

std::size_t index_of(MemoryUse use) {
  return static_cast<std::size_t>(use);
}

}  // namespace

const char* memory_use_name(MemoryUse use) {
  return kUseNames[index_of(use)];
}

HbmPool::HbmPool(const hw::HbmRegion& region, int index, std::int64_t page_bytes,
                 std::shared_ptr<MemoryObserver> observer)
    : region_(region),
      index_(index),
      page_bytes_(static_cast<std::uint64_t>(page_bytes)),
      observer_(std::move(observer)) {
  const std::uint64_t first = (region.reserved + page_bytes_ - 1) / page_bytes_ * page_bytes_;
  const std::uint64_t end = region.bytes / page_bytes_ * page_bytes_;
  if (first < end) {
    free_[first] = end - first;
  }
}

std::uint64_t HbmPool::allocate(std::uint64_t bytes, MemoryUse use, const std::string& owner) {
  if (const auto offset = take(bytes, use, owner)) {
    return *offset;
  }
  if (observer_) {
    observer_->exhausted(*this);
  }
  throw StatusError(NRT_RESOURCE, fmt::format("no room for {} bytes of {} in device {} HBM {}: {}",
                                              bytes, kUseNames[index_of(use)], region_.device,
                                              region_.stack, summary()));
}

std::optional<std::uint64_t> HbmPool::take(std::uint64_t bytes, MemoryUse use,
                                           const std::string& owner) {
  const std::uint64_t pages = bytes / page_bytes_ + (bytes % page_bytes_ != 0 ? 1 : 0);
  if (pages > region_.bytes / page_bytes_) {
    return std::nullopt;
  }
  const std::uint64_t size = std::max<std::uint64_t>(pages, 1) * page_bytes_;
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const auto& [offset, available] : free_) {
    if (available < size) {
      continue;
    }
    const std::uint64_t at = offset;
    const std::uint64_t rest = available - size;
    Holes spare{{at, size}};
    const auto made =
        taken_.emplace(at, Taken{{at, size, use, owner}, spare.extract(spare.begin())});
    auto hole = free_.extract(at);
    if (rest != 0) {
      hole.key() = at + size;
      hole.mapped() = rest;
      free_.insert(std::move(hole));
    }
    used_[index_of(use)] += size;
    if (observer_) {
      observer_->allocated(*this, made.first->second.block);
    }
    return at;
  }
  return std::nullopt;
}

void HbmPool::release(std::uint64_t offset) noexcept {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto taken = taken_.find(offset);
  const HbmBlock& block = taken->second.block;
  const std::uint64_t bytes = block.bytes;
  used_[index_of(block.use)] -= bytes;
  if (observer_) {
    observer_->released(*this, block);
  }
  const auto here = free_.insert(std::move(taken->second.hole)).position;
  taken_.erase(taken);
  const auto next = std::next(here);
  if (next != free_.end() && offset + bytes == next->first) {
    here->second += next->second;
    free_.erase(next);
  }
  if (here != free_.begin()) {
    const auto before = std::prev(here);
    if (before->first + before->second == here->first) {
      before->second += here->second;
      free_.erase(here);
    }
  }
}

std::uint64_t HbmPool::used() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::uint64_t sum = region_.reserved;
  for (const std::uint64_t bytes : used_) {
    sum += bytes;
  }
  return sum;
}

std::vector<HbmBlock> HbmPool::blocks() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<HbmBlock> all;
  all.reserve(taken_.size());
  for (const auto& [offset, taken] : taken_) {
    all.push_back(taken.block);
  }
  return all;
}

std::map<std::uint64_t, std::uint64_t> HbmPool::holes() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return free_;
}

std::string HbmPool::summary() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::string text = fmt::format("{} bytes in all, {} firmware", region_.bytes, region_.reserved);
  for (std::size_t use = 0; use < kUseNames.size(); ++use) {
    if (used_[use] != 0) {
      text += fmt::format(", {} {}", used_[use], kUseNames[use]);
    }
  }
  return text;
}

std::shared_ptr<Allocation> Allocation::device(std::shared_ptr<HbmPool> pool, std::uint64_t bytes,
                                               MemoryUse use, const std::string& owner) {
  std::shared_ptr<Allocation> made(new Allocation);
  const std::uint64_t offset = pool->allocate(bytes, use, owner);
  made->pool_ = std::move(pool);
  made->offset_ = offset;
  made->use_ = use;
  made->address_ = made->pool_->region().base + offset;
  std::byte* const storage = made->pool_->region().storage;
  made->data_ = storage == nullptr ? nullptr : storage + offset;
  made->bytes_ = bytes;
  return made;
}

std::shared_ptr<Allocation> Allocation::host(std::uint64_t bytes) {
  std::shared_ptr<Allocation> made(new Allocation);
  void* const memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) {
    throw StatusError(NRT_RESOURCE, fmt::format("no room for {} bytes of host memory", bytes));
  }
  made->data_ = static_cast<std::byte*>(memory);
  made->address_ = host_address(memory);
  made->bytes_ = bytes;
  made->mapped_ = true;
  return made;
}

std::shared_ptr<Allocation> Allocation::attached(void* memory, std::uint64_t bytes) {
  std::shared_ptr<Allocation> made(new Allocation);
  made->data_ = static_cast<std::byte*>(memory);
  made->address_ = host_address(memory);
  made->bytes_ = bytes;
  return made;
}

Allocation::~Allocation() {
  if (pool_) {
    pool_->release(offset_);
  } else if (mapped_) {
    munmap(data_, bytes_);
  }
}

std::uint64_t host_address(const void* memory) {
  return hw::kHostWindow + reinterpret_cast<std::uintptr_t>(memory);
}

}  // namespace nsim::rt
