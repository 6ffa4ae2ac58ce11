// SPDX-License-Identifier: Apache-2.0
// Who uses the device's memory, for people: the table that appears in the log and in
// neuron_mem_table_device_<d>_hbm_<h>.log when an allocation fails, and, when asked for, the
// history of allocations in neuron_mem_log_device_<d>_hbm_<h>.csv, and how much every category had
// when, for the report of a session.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <tuple>
#include <vector>

#include "runtime/memory.h"
#include "sim/base/units.h"

namespace nsim::rt {

/// From `at` on a category has so many bytes of a stack.
struct MemoryLevel {
  SimTime at = 0;
  int device = 0;
  int stack = 0;
  MemoryUse use = MemoryUse::Misc;
  std::uint64_t bytes = 0;
};

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

  /// Levels are noted from now on, `most` of them, at the times that `now` tells; end_levels() lets
  /// go of it.
  void note_levels(std::size_t most, std::function<SimTime()> now);
  void end_levels();
  /// In the order of time; of several of one moment the last.
  std::vector<MemoryLevel> levels() const;

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
  void note_level(bool allocation, const HbmPool& pool, const HbmBlock& block);

  const std::string directory_;
  const std::uint64_t log_entries_;
  mutable std::mutex mutex_;
  std::uint64_t next_number_ = 1;
  std::deque<Entry> entries_;
  std::size_t most_levels_ = 0;
  std::function<SimTime()> now_;                                    // empty: levels are not noted
  std::map<std::tuple<int, int, MemoryUse>, std::uint64_t> bytes_;  // by device, stack and use
  std::vector<MemoryLevel> levels_;
};

}  // namespace nsim::rt
