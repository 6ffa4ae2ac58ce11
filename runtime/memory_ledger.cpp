// SPDX-License-Identifier: Apache-2.0
#include "runtime/memory_ledger.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>
#include <new>
#include <sstream>

#include "runtime/output_file.h"
#include "sim/base/log.h"

namespace nsim::rt {
namespace {

using Uses = std::array<std::uint64_t, kMemoryUseCount>;

std::string owner_of(const HbmBlock& block) {
  if (!block.owner.empty()) {
    return block.owner;
  }
  return block.use == MemoryUse::Tensors ? "(application)" : "(runtime)";
}

std::string row(const std::string& owner, const Uses& bytes, const Uses& shown) {
  constexpr int kLeast = 12;
  std::string text = fmt::format("{:<32}", owner);
  std::uint64_t sum = 0;
  for (std::size_t use = 0; use < bytes.size(); ++use) {
    sum += bytes[use];
    if (shown[use] != 0) {
      const std::string name = memory_use_name(static_cast<MemoryUse>(use));
      text += fmt::format("  {:>{}}", bytes[use], std::max<std::size_t>(name.size(), kLeast));
    }
  }
  return text + fmt::format("  {:>{}}\n", sum, kLeast);
}

std::string heading(const Uses& shown) {
  std::string text = fmt::format("{:<32}", "model");
  for (std::size_t use = 0; use < shown.size(); ++use) {
    if (shown[use] != 0) {
      text += fmt::format("  {:>12}", memory_use_name(static_cast<MemoryUse>(use)));
    }
  }
  return text + fmt::format("  {:>12}\n", "total");
}

/// CSV: a field with quotes when it needs them.
std::string field(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) {
    return text;
  }
  std::string quoted = "\"";
  for (const char each : text) {
    quoted += each == '"' ? "\"\"" : std::string(1, each);
  }
  return quoted + "\"";
}

}  // namespace

std::string memory_table(const HbmPool& pool) {
  const hw::HbmRegion& region = pool.region();
  std::map<std::string, Uses> owners;
  Uses totals{};
  for (const HbmBlock& block : pool.blocks()) {
    owners[owner_of(block)][static_cast<std::size_t>(block.use)] += block.bytes;
    totals[static_cast<std::size_t>(block.use)] += block.bytes;
  }
  std::uint64_t free = 0;
  std::uint64_t largest = 0;
  const auto holes = pool.holes();
  for (const auto& [offset, bytes] : holes) {
    free += bytes;
    largest = std::max(largest, bytes);
  }
  std::string text = fmt::format(
      "memory of device {} HBM {} in bytes: {} in all, {} firmware, {} free in {} "
      "hole(s), the largest {} (process {})\n",
      region.device, region.stack, region.bytes, region.reserved, free, holes.size(), largest,
      getpid());
  text += heading(totals);
  for (const auto& [owner, bytes] : owners) {
    text += row(owner, bytes, totals);
  }
  return text + row("total", totals, totals);
}

MemoryLedger::MemoryLedger(std::string directory, std::uint64_t log_entries)
    : directory_(std::move(directory)), log_entries_(log_entries) {}

void MemoryLedger::allocated(const HbmPool& pool, const HbmBlock& block) noexcept {
  add(true, pool, block);
}

void MemoryLedger::released(const HbmPool& pool, const HbmBlock& block) noexcept {
  add(false, pool, block);
}

void MemoryLedger::add(bool allocation, const HbmPool& pool, const HbmBlock& block) noexcept {
  const std::lock_guard<std::mutex> lock(mutex_);
  try {
    note_level(allocation, pool, block);
  } catch (const std::bad_alloc&) {
    now_ = nullptr;  // what is there is right as far as it goes
  }
  if (log_entries_ == 0) {
    return;
  }
  const std::uint64_t number = next_number_++;
  try {
    entries_.push_back({number, allocation, pool.region().device, pool.region().stack,
                        pool.region().base + block.offset, block.bytes, block.use, block.owner});
  } catch (const std::bad_alloc&) {
    return;
  }
  if (entries_.size() > log_entries_) {
    entries_.pop_front();
  }
}

void MemoryLedger::note_level(bool allocation, const HbmPool& pool, const HbmBlock& block) {
  if (!now_) {
    return;
  }
  const int device = pool.region().device;
  const int stack = pool.region().stack;
  std::uint64_t& bytes = bytes_[{device, stack, block.use}];
  bytes += allocation ? block.bytes : 0 - block.bytes;
  const SimTime at = now_();
  for (auto last = levels_.rbegin(); last != levels_.rend() && last->at == at; ++last) {
    if (last->device == device && last->stack == stack && last->use == block.use) {
      last->bytes = bytes;
      return;
    }
  }
  if (levels_.size() < most_levels_) {
    levels_.push_back({at, device, stack, block.use, bytes});
  }
}

void MemoryLedger::note_levels(std::size_t most, std::function<SimTime()> now) {
  const std::lock_guard<std::mutex> lock(mutex_);
  most_levels_ = most;
  now_ = std::move(now);
}

void MemoryLedger::end_levels() {
  const std::lock_guard<std::mutex> lock(mutex_);
  now_ = nullptr;
}

std::vector<MemoryLevel> MemoryLedger::levels() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return levels_;
}

void MemoryLedger::report(const HbmPool& pool) {
  const std::string table = memory_table(pool);
  std::istringstream lines(table);
  for (std::string line; std::getline(lines, line);) {
    NSIM_LOG(Tdrv, Error, "{}", line);
  }
  const std::string place =
      fmt::format("device_{}_hbm_{}", pool.region().device, pool.region().stack);
  leave_file(fmt::format("{}/neuron_mem_table_{}.log", directory_, place), table);
  if (log_entries_ != 0) {
    leave_file(fmt::format("{}/neuron_mem_log_{}.csv", directory_, place), csv(pool));
  }
}

std::string MemoryLedger::csv(const HbmPool& pool) const {
  std::string text = "number,operation,device,hbm,address,bytes,category,model\n";
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const Entry& entry : entries_) {
    if (entry.device != pool.region().device || entry.stack != pool.region().stack) {
      continue;
    }
    text += fmt::format("{},{},{},{},{:#x},{},{},{}\n", entry.number,
                        entry.allocation ? "allocate" : "free", entry.device, entry.stack,
                        entry.address, entry.bytes, memory_use_name(entry.use), field(entry.owner));
  }
  return text;
}

}  // namespace nsim::rt
