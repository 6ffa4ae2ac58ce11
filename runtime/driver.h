// SPDX-License-Identifier: Apache-2.0
// The driver: moves requests between the unit queues and the hardware. Simulation thread only.
//
// Data flow: doorbell() takes what a queue accepted, writes descriptors into the unit's ring in
// host memory and the tail into its doorbell register -> the device -> interrupt() reads the unit's
// notification ring: Trace (started), Error, Notify (over), gives the entries back, and publishes
// the finished requests.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "runtime/request.h"
#include "runtime/unit_queue.h"
#include "sim/hw/hardware.h"

namespace nsim::rt {

class UnitRing;

/// What the driver reports to; simulation thread.
class RequestListener {
 public:
  virtual ~RequestListener() = default;
  /// The descriptor of `request` is in the ring; its `submitted` is set.
  virtual void submitted(const UnitQueue& queue, const Request& request) = 0;
  /// The request is over with its `status`; makes that visible to the host.
  virtual void finished(UnitQueue& queue, Request& request) = 0;
};

class Driver {
 public:
  struct Timeouts {
    SimTime execution = 0;
    SimTime collective = 0;
  };
  /// Programs the rings and watchdogs of all units. `queues` outlive the driver.
  Driver(hw::Hardware& hardware, const std::vector<UnitQueue*>& queues, const Timeouts& timeouts,
         std::function<SimTime()> now, RequestListener& listener);
  ~Driver();

  void doorbell(UnitQueue& queue);
  void interrupt(hw::UnitAddress unit);
  /// nrt_close: what has not started will not. Every request still completes, in order.
  void cancel_queued();
  /// The device will never finish the queue's requests: they complete with `status`, the unit is
  /// degraded.
  void abandon(UnitQueue& queue, NRT_STATUS status);

 private:
  /// nullptr when the unit is none of ours.
  UnitRing* ring_of(hw::UnitAddress unit);
  void drain(UnitRing& ring);
  void finish(UnitRing& ring, std::unique_ptr<Request> request, NRT_STATUS status);
  void flush(UnitRing& ring, NRT_STATUS status);

  const std::function<SimTime()> now_;
  RequestListener& listener_;
  std::vector<std::unique_ptr<UnitRing>> rings_;
  std::unordered_map<std::uint32_t, UnitRing*> ring_of_unit_;
  UnitQueue::Requests taken_;  // by a doorbell; empty in between
};

}  // namespace nsim::rt
