// SPDX-License-Identifier: Apache-2.0
#include "runtime/unit_ring.h"

#include <algorithm>

namespace nsim::rt {
namespace {

/// A request makes at most three entries (Trace, Error, Notify): with room for four per descriptor
/// the ring overruns only with notifications for generated descriptors, or by a fault.
constexpr std::size_t kNotificationsPerDescriptor = 4;

std::size_t power_of_two(std::int64_t at_least) {
  std::size_t size = 2;
  while (size < static_cast<std::size_t>(at_least)) {
    size *= 2;
  }
  return size;
}

}  // namespace

UnitRing::UnitRing(hw::Hardware& hardware, UnitQueue& queue, SimTime timeout)
    : hardware_(hardware),
      queue_(queue),
      registers_(hardware.unit_registers(queue.address())),
      descriptors_(power_of_two(queue.depth())),
      notifications_(descriptors_.size() * kNotificationsPerDescriptor) {
  hardware_.write_register(registers_ + hw::kRingBase, host_address(descriptors_.data()));
  hardware_.write_register(registers_ + hw::kRingSize, descriptors_.size());
  hardware_.write_register(registers_ + hw::kNotifyBase, host_address(notifications_.data()));
  hardware_.write_register(registers_ + hw::kNotifySize, notifications_.size());
  hardware_.write_register(registers_ + hw::kTimeout, static_cast<std::uint64_t>(timeout));
}

void UnitRing::push(std::unique_ptr<Request> request) {
  request->descriptor.tag = static_cast<std::uint32_t>(request->number());
  request->descriptor.flow = request->sequence;
  slot(written_) = request->descriptor;
  ++written_;
  queue_.sent(request->number());
  at_device_.push_back(std::move(request));
}

void UnitRing::ring_doorbell() {
  hardware_.write_register(registers_ + hw::kDoorbell, written_);
}

bool UnitRing::fresh(std::uint64_t number) const {
  const auto phase = static_cast<std::uint8_t>(1 ^ ((number / notifications_.size()) & 1));
  return entry(number).phase == phase;
}

std::optional<SimTime> UnitRing::oldest_unread() const {
  if (!fresh(read_)) {
    return std::nullopt;
  }
  return static_cast<SimTime>(entry(read_).timestamp);
}

std::optional<UnitRing::Finished> UnitRing::end_oldest(hw::DeviceError error, bool found_by_host) {
  Finished finished{std::move(at_device_.front()), error, found_by_host};
  at_device_.pop_front();
  error_ = hw::DeviceError::None;
  return finished;
}

/// Entries come in order, so that one behind a gap, or of a later request, tells that something was
/// lost; one of an earlier request is a duplicate.
std::optional<UnitRing::Finished> UnitRing::next_finished() {
  while (true) {
    const bool gap = !fresh(read_) && fresh(read_ + 1);
    if (!fresh(read_) && !gap) {
      return std::nullopt;
    }
    const hw::Notification next = entry(read_);
    ++read_;
    if (at_device_.empty()) {
      continue;  // late word about a request that was given up
    }
    Request& request = *at_device_.front();
    if (gap) {
      return end_oldest(hw::silence_of(queue_.address()), true);
    }
    if (next.check != hw::check_of(next)) {
      return end_oldest(hw::DeviceError::NotificationCorrupted, true);
    }
    const auto ahead = static_cast<std::int32_t>(next.tag - request.descriptor.tag);
    if (ahead > 0) {
      --read_;  // it will be looked at again
      return end_oldest(hw::silence_of(queue_.address()), true);
    }
    if (ahead < 0) {
      continue;
    }
    switch (next.type) {
      case hw::NotificationType::Trace:
        request.begun = true;
        request.started = static_cast<SimTime>(next.timestamp);
        break;
      case hw::NotificationType::Error:
        error_ = next.error;
        break;
      case hw::NotificationType::Notify:
        request.ended = static_cast<SimTime>(next.timestamp);
        return end_oldest(next.error != hw::DeviceError::None ? next.error : error_, false);
      case hw::NotificationType::Event:
      case hw::NotificationType::TraceDma:
        break;
    }
  }
}

void UnitRing::acknowledge() {
  hardware_.write_register(registers_ + hw::kNotifyHead, read_);
}

void UnitRing::reset_unit() {
  hardware_.write_register(registers_ + hw::kControl, 1);
}

void UnitRing::restart_notifications() {
  std::fill(notifications_.begin(), notifications_.end(), hw::Notification());
  read_ = 0;
  error_ = hw::DeviceError::None;
  hardware_.write_register(registers_ + hw::kNotifyBase, host_address(notifications_.data()));
}

void UnitRing::cancel() {
  std::uint64_t at = written_ - at_device_.size();
  for (const std::unique_ptr<Request>& request : at_device_) {
    if (!request->begun) {
      request->cancelled = true;
      hw::RequestDescriptor nothing;
      nothing.tag = request->descriptor.tag;
      nothing.flow = request->descriptor.flow;
      slot(at) = nothing;
    }
    ++at;
  }
}

}  // namespace nsim::rt
