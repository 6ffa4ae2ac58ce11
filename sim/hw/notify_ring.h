// SPDX-License-Identifier: Apache-2.0
// Where the next entries of a unit's notification ring go, and whether there is room. The last
// entries are kept back: with them the unit reports that the ring was full (NotificationOverflow).
#pragma once

#include <cstdint>

#include "sim/hw/request.h"

namespace nsim::hw {

class NotifyRing {
 public:
  struct Slot {
    std::uint64_t address = 0;
    std::uint16_t phase = 0;
  };

  /// An Error and a Notify.
  static constexpr std::uint64_t kReserve = 2;

  void set_base(std::uint64_t base);
  void set_size(std::uint64_t entries) { size_ = entries; }
  /// Total number of entries that the host consumed.
  void set_head(std::uint64_t head) { head_ = head; }

  /// The driver has programmed a ring that holds more than the reserve.
  bool usable() const { return base_ != 0 && size_ > kReserve; }
  /// Entries that fit beside the reserve.
  std::uint64_t room() const;
  /// The place of the next entry. The caller looked at room(), or uses the reserve.
  Slot take();

 private:
  std::uint64_t base_ = 0;
  std::uint64_t size_ = 0;
  std::uint64_t head_ = 0;
  std::uint64_t tail_ = 0;
};

}  // namespace nsim::hw
