// SPDX-License-Identifier: Apache-2.0
// The notification ring of an execution unit: writes entries into host memory as long as there is
// room. The last entries are kept back: with them the unit reports that the ring was full.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "sim/hw/faults.h"
#include "sim/hw/request.h"

namespace nsim::hw {

class NotifyRing {
 public:
  /// Writes host memory; posted.
  using Write = std::function<void(std::uint64_t address, const void* from, std::size_t bytes)>;

  explicit NotifyRing(Write write) : write_(std::move(write)) {}

  void set_base(std::uint64_t base);
  void set_size(std::uint64_t entries) { size_ = entries; }
  /// Total number of entries that the host consumed.
  void set_head(std::uint64_t head) { head_ = head; }

  /// Writes the next entry at the current simulated time. False: there is no room.
  bool post(NotificationType type, DeviceError error, std::uint32_t tag);
  /// The last entry of a request, with what the plan has for it.
  bool post_last(DeviceError error, std::uint32_t tag, const Origin& origin, Faults& faults);
  /// Uses the reserve: request `tag` ended because there was no room. False: the driver never said
  /// where the ring is.
  bool post_overflow(std::uint32_t tag);

 private:
  static constexpr std::uint64_t kReserve = 2;  // an Error and a Notify

  bool usable() const { return base_ != 0 && size_ > kReserve; }
  /// What may happen to an entry on its way.
  enum class Damage : std::uint8_t { None, Lost, Corrupted };
  bool full() const { return !usable() || tail_ - head_ + kReserve >= size_; }
  void put(NotificationType type, DeviceError error, std::uint32_t tag,
           Damage damage = Damage::None);

  const Write write_;
  std::uint64_t base_ = 0;
  std::uint64_t size_ = 0;
  std::uint64_t head_ = 0;
  std::uint64_t tail_ = 0;
};

}  // namespace nsim::hw
