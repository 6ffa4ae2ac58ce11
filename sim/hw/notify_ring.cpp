// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/notify_ring.h"

#include "sim/hw/time.h"

namespace nsim::hw {

void NotifyRing::set_base(std::uint64_t base) {
  base_ = base;
  head_ = 0;
  tail_ = 0;
}

bool NotifyRing::post(NotificationType type, DeviceError error, std::uint32_t tag) {
  if (!usable() || tail_ - head_ + kReserve >= size_) {
    return false;
  }
  put(type, error, tag);
  return true;
}

bool NotifyRing::post_overflow(std::uint32_t tag) {
  if (!usable()) {
    return false;
  }
  put(NotificationType::Error, DeviceError::NotificationOverflow, tag);
  put(NotificationType::Notify, DeviceError::None, tag);
  return true;
}

void NotifyRing::put(NotificationType type, DeviceError error, std::uint32_t tag) {
  Notification entry;
  entry.type = type;
  entry.error = error;
  entry.phase = static_cast<std::uint16_t>(1 - (tail_ / size_ & 1));
  entry.tag = tag;
  entry.timestamp = static_cast<std::uint64_t>(now());
  write_(base_ + tail_ % size_ * sizeof entry, &entry, sizeof entry);
  ++tail_;
}

}  // namespace nsim::hw
