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

  UnitQueue& queue() const { return queue_; }

  /// Writes the descriptor; ring_doorbell() tells the device.
  void push(std::unique_ptr<Request> request);
  void ring_doorbell();

  struct Finished {
    std::unique_ptr<Request> request;
    hw::DeviceError error = hw::DeviceError::None;
    /// The unit did not say so itself: it may still be at work.
    bool found_by_host = false;
  };
  /// Reads notifications up to the next Notify; nothing when there is none. Entries read are given
  /// back by acknowledge(). A request whose notification was lost or damaged is over as well, with
  /// that error.
  std::optional<Finished> next_finished();
  void acknowledge();
  /// Time stamp of the oldest notification that was not read; nothing when there is none.
  std::optional<SimTime> oldest_unread() const;

  /// Makes the unit drop what it does and has; it takes effect when the register write arrives.
  void reset_unit();
  /// The unit, which writes nothing any more, begins its notification ring anew.
  void restart_notifications();

  /// What the driver waits for; kNever: nothing.
  struct Watch {
    SimTime deadline = kNever;  // no request may be the oldest for longer
    bool for_host = false;      // the unit waits for what only the host can bring
    SimTime stopped = kNever;   // the unit was reset; by then it has had time to come to rest
    bool quiet = false;         // nothing of it is under way either
    hw::DeviceError error = hw::DeviceError::None;  // that the oldest request ends with then
    std::unique_ptr<Request> failed;  // the oldest request, when it was taken out already
  };
  Watch& watch() { return watch_; }

  /// Requests at the device, oldest first.
  std::deque<std::unique_ptr<Request>>& at_device() { return at_device_; }
  /// Makes the device do nothing for those that it has not begun, unless it holds the descriptor
  /// already.
  void cancel();

 private:
  hw::RequestDescriptor& slot(std::uint64_t number_written) {
    return descriptors_[number_written & (descriptors_.size() - 1)];
  }
  const hw::Notification& entry(std::uint64_t number) const {
    return notifications_[number & (notifications_.size() - 1)];
  }
  /// The device has written the entry, in this pass over the ring.
  bool fresh(std::uint64_t number) const;
  std::optional<Finished> end_oldest(hw::DeviceError error, bool found_by_host);

  hw::Hardware& hardware_;
  UnitQueue& queue_;
  const std::uint64_t registers_;
  std::vector<hw::RequestDescriptor> descriptors_;
  std::vector<hw::Notification> notifications_;
  std::uint64_t written_ = 0;                      // descriptors
  std::uint64_t read_ = 0;                         // notifications
  hw::DeviceError error_ = hw::DeviceError::None;  // of the request that the next Notify ends
  std::deque<std::unique_ptr<Request>> at_device_;
  Watch watch_;
};

}  // namespace nsim::rt
