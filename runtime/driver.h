// SPDX-License-Identifier: Apache-2.0
// The driver: moves requests between the unit queues and the hardware. Simulation thread only.
//
// Data flow: doorbell() takes what a queue accepted, writes descriptors into the unit's ring in
// host memory and the tail into its doorbell register -> the device -> interrupt() reads the unit's
// notification ring: Trace (started), Error, Notify (over), gives the entries back, and publishes
// the finished requests.
//
// What the device cannot report, the driver finds out: while requests are at the device it looks
// after them now and then. A notification that was written but not announced is read. One that was
// lost or damaged, a unit that is silent for longer than its watchdog allows, and a device that
// does not answer any more end the oldest request with an error; the unit is reset first, and once
// it touches nothing any more the request and those behind it are reported: what was under way when
// the reset came to it is in front of the answer to a read that follows the reset, however slow the
// link is. Nothing waits for ever.
// A unit that waits for the host (a collective, for a rank) is not silent: the driver does not look
// after it, so that simulated time stays where it is until the host acts or loses its patience.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "runtime/driver_times.h"
#include "runtime/request.h"
#include "runtime/severity.h"
#include "runtime/unit_queue.h"
#include "runtime/unit_ring.h"
#include "sim/hw/hardware.h"

namespace nsim::rt {

/// What the driver reports to; simulation thread.
class RequestListener {
 public:
  virtual ~RequestListener() = default;
  /// The descriptor of `request` is in the ring; its `submitted` is set.
  virtual void submitted(const UnitQueue& queue, const Request& request) = 0;
  /// The request is over with its `status`; makes that visible to the host.
  virtual void finished(UnitQueue& queue, Request& request) = 0;
  /// A fatal error was met at `unit`, whose logical core it degrades as far as `severity` says.
  virtual void degraded(const hw::UnitAddress& unit, hw::DeviceError error,
                        const Severity& severity) = 0;
};

class Driver {
 public:
  /// Programs the rings and watchdogs of all units. `queues` outlive the driver.
  Driver(hw::Hardware& hardware, const std::vector<UnitQueue*>& queues, const DriverTimes& times,
         const SeverityParams& severities, std::function<SimTime()> now, RequestListener& listener);
  ~Driver();

  void doorbell(UnitQueue& queue);
  void interrupt(hw::UnitAddress unit);
  /// nrt_close: what has not started will not. Every request still completes, in order.
  void cancel_queued();

 private:
  /// nullptr when the unit is none of ours.
  UnitRing* ring_of(hw::UnitAddress unit);
  int device_of(const UnitRing& ring) const;
  SimTime timeout_of(const UnitRing& ring) const;

  void drain(UnitRing& ring);
  void finish(UnitRing& ring, std::unique_ptr<Request> request, hw::DeviceError error);
  void flush(UnitRing& ring, NRT_STATUS status);
  void complete(UnitRing& ring, Request& request, NRT_STATUS status);

  void degrade(UnitRing& ring, hw::DeviceError error);
  void fail(UnitRing& ring, hw::DeviceError error, std::unique_ptr<Request> oldest);
  void stop(UnitRing& ring, hw::DeviceError error, std::unique_ptr<Request> oldest);
  void stopped(UnitRing& ring);

  void host_wait(hw::UnitAddress unit, bool waits);
  bool is_watched() const;
  void look();
  void look_at(UnitRing& ring, bool at_rest);
  void look_again();
  void wake_at(SimTime at);

  hw::Hardware& hardware_;
  const DriverTimes times_;
  const SeverityParams severities_;
  const std::function<SimTime()> now_;
  RequestListener& listener_;
  std::vector<std::unique_ptr<UnitRing>> rings_;
  std::unordered_map<std::uint32_t, UnitRing*> ring_of_unit_;
  UnitQueue::Requests taken_;  // by a doorbell; empty in between
  std::size_t at_device_ = 0;  // requests, those whose unit is being stopped included
  int for_host_ = 0;           // rings whose unit waits for the host
  bool progress_ = false;      // since the last look
  SimTime interval_ = 0;       // between looks
  SimTime next_look_ = kNever;
};

}  // namespace nsim::rt
