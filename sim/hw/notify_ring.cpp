// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/notify_ring.h"

namespace nsim::hw {

void NotifyRing::set_base(std::uint64_t base) {
  base_ = base;
  head_ = 0;
  tail_ = 0;
}

std::uint64_t NotifyRing::room() const {
  const std::uint64_t used = tail_ - head_ + kReserve;
  return usable() && used < size_ ? size_ - used : 0;
}

NotifyRing::Slot NotifyRing::take() {
  const std::uint64_t index = tail_ % size_;
  const auto phase = static_cast<std::uint16_t>(1 - (tail_ / size_ & 1));
  ++tail_;
  return {base_ + index * sizeof(Notification), phase};
}

}  // namespace nsim::hw
