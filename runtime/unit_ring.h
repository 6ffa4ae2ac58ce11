// SPDX-License-Identifier: Apache-2.0
// The driver's side of one execution unit: its two rings in host memory and the requests that are
// at the device.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "runtime/request.h"
#include "runtime/unit_queue.h"
#include "sim/hw/hardware.h"

namespace nsim::rt {

class UnitRing {
 public:
  UnitRing(hw::Hardware& hardware, UnitQueue& queue, SimTime timeout);

  UnitQueue& queue() { return queue_; }

  /// Writes the descriptor; ring_doorbell() tells the device.
  void push(std::unique_ptr<Request> request);
  void ring_doorbell();

  struct Finished {
    std::unique_ptr<Request> request;
    hw::DeviceError error = hw::DeviceError::None;
  };
  /// Reads notifications up to the next Notify; nothing when there is none. Entries read are given
  /// back by acknowledge().
  std::optional<Finished> next_finished();
  void acknowledge();

  /// Requests at the device, oldest first.
  std::deque<std::unique_ptr<Request>>& at_device() { return at_device_; }
  /// Makes the device do nothing for those that it has not begun, unless it holds the descriptor
  /// already.
  void cancel();

 private:
  hw::RequestDescriptor& slot(std::uint64_t number_written) {
    return descriptors_[number_written & (descriptors_.size() - 1)];
  }
  const hw::Notification* next_notification() const;

  hw::Hardware& hardware_;
  UnitQueue& queue_;
  const std::uint64_t registers_;
  std::vector<hw::RequestDescriptor> descriptors_;
  std::vector<hw::Notification> notifications_;
  std::uint64_t written_ = 0;                      // descriptors
  std::uint64_t read_ = 0;                         // notifications
  hw::DeviceError error_ = hw::DeviceError::None;  // of the request that the next Notify ends
  std::deque<std::unique_ptr<Request>> at_device_;
};

}  // namespace nsim::rt
