// SPDX-License-Identifier: Apache-2.0
#include "runtime/unit_ring.h"

#include <fmt/format.h>

#include "sim/base/error.h"

namespace nsim::rt {
namespace {

/// A request makes at most three entries (Trace, Error, Notify): with room for four per descriptor
/// the ring cannot overrun.
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

const hw::Notification* UnitRing::next_notification() const {
  const std::size_t size = notifications_.size();
  const hw::Notification& entry = notifications_[read_ & (size - 1)];
  const auto fresh = static_cast<std::uint16_t>(1 ^ ((read_ / size) & 1));
  return entry.phase == fresh ? &entry : nullptr;
}

std::optional<UnitRing::Finished> UnitRing::next_finished() {
  while (const hw::Notification* entry = next_notification()) {
    ++read_;
    if (entry->type == hw::NotificationType::Event) {
      continue;
    }
    if (at_device_.empty()) {
      continue;  // late word about a request that was given up
    }
    Request& request = *at_device_.front();
    if (entry->tag != request.descriptor.tag) {
      throw InternalError(fmt::format("notification for request {}, expected {}", entry->tag,
                                      request.descriptor.tag));
    }
    switch (entry->type) {
      case hw::NotificationType::Trace:
        request.begun = true;
        request.started = static_cast<SimTime>(entry->timestamp);
        break;
      case hw::NotificationType::Error:
        error_ = entry->error;
        break;
      default:
        request.ended = static_cast<SimTime>(entry->timestamp);
        Finished finished{std::move(at_device_.front()), error_};
        at_device_.pop_front();
        error_ = hw::DeviceError::None;
        return finished;
    }
  }
  return std::nullopt;
}

void UnitRing::acknowledge() {
  hardware_.write_register(registers_ + hw::kNotifyHead, read_);
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
