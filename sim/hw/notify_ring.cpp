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
  if (full()) {
    return false;
  }
  put(type, error, tag);
  return true;
}

bool NotifyRing::post_last(DeviceError error, std::uint32_t tag, const Origin& origin,
                           Faults& faults) {
  const auto strikes = [&](FaultPoint point) {
    return faults.strikes(point, {origin, FaultPhase::Completion, nullptr, 0});
  };
  if (strikes(FaultPoint::NotificationOverflow)) {
    while (post(NotificationType::Event, DeviceError::None, tag)) {
    }
  }
  const bool lost = strikes(FaultPoint::NotificationLost);
  const bool corrupted = strikes(FaultPoint::NotificationCorrupted);
  const bool twice = strikes(FaultPoint::NotificationDuplicated);
  if (full()) {
    return false;
  }
  put(NotificationType::Notify, error, tag,
      lost        ? Damage::Lost
      : corrupted ? Damage::Corrupted
                  : Damage::None);
  if (twice) {
    post(NotificationType::Notify, error, tag);
  }
  return true;
}

bool NotifyRing::post_overflow(std::uint32_t tag) {
  if (!usable()) {
    return false;
  }
  put(NotificationType::Error, DeviceError::NotificationOverflow, tag);
  put(NotificationType::Notify, DeviceError::NotificationOverflow, tag);
  return true;
}

void NotifyRing::put(NotificationType type, DeviceError error, std::uint32_t tag, Damage damage) {
  Notification entry;
  entry.type = type;
  entry.error = error;
  entry.phase = static_cast<std::uint8_t>(1 - (tail_ / size_ & 1));
  entry.tag = tag;
  entry.timestamp = static_cast<std::uint64_t>(now());
  entry.check = check_of(entry);
  if (damage == Damage::Corrupted) {
    entry.tag ^= 0x40;
  }
  if (damage != Damage::Lost) {
    write_(base_ + tail_ % size_ * sizeof entry, &entry, sizeof entry);
  }
  ++tail_;
}

}  // namespace nsim::hw
