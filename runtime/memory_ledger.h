// SPDX-License-Identifier: Apache-2.0
// Who uses the device's memory, for people: the table that appears in the log and in
// neuron_mem_table_device_<d>_hbm_<h>.log when an allocation fails, and, when asked for, the
// history of allocations in neuron_mem_log_device_<d>_hbm_<h>.csv.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>

#include "runtime/memory.h"

namespace nsim::rt {

/// One line per owner with its bytes by category, then what is free.
std::string memory_table(const HbmPool& pool);

/// Any thread.
class MemoryLedger : public MemoryObserver {
 public:
  /// Remembers the last `log_entries` allocations and releases; 0 for none.
  explicit MemoryLedger(std::string directory, std::uint64_t log_entries = 0);

  void allocated(const HbmPool& pool, const HbmBlock& block) noexcept override;
  void released(const HbmPool& pool, const HbmBlock& block) noexcept override;
  void exhausted(const HbmPool& pool) override { report(pool); }

  /// Logs the table and writes the files.
  void report(const HbmPool& pool);
  /// A header, then what is remembered of the stack, oldest first.
  std::string csv(const HbmPool& pool) const;

 private:
  struct Entry {
    std::uint64_t number;
    bool allocation;
    int device;
    int stack;
    std::uint64_t address;
    std::uint64_t bytes;
    MemoryUse use;
    std::string owner;
  };
  /// Without memory for it the entry is lost, its number shows that.
  void add(bool allocation, const HbmPool& pool, const HbmBlock& block) noexcept;

  const std::string directory_;
  const std::uint64_t log_entries_;
  mutable std::mutex mutex_;
  std::uint64_t next_number_ = 1;
  std::deque<Entry> entries_;
};

}  // namespace nsim::rt
