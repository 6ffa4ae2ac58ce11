// SPDX-License-Identifier: Apache-2.0
#include "runtime/driver.h"

#include <algorithm>
#include <utility>

#include "runtime/status.h"
#include "sim/base/log.h"

namespace nsim::rt {
namespace {

std::uint32_t key_of(hw::UnitAddress unit) {
  return std::uint32_t{unit.core} << 16 | static_cast<std::uint32_t>(unit.type) << 8 | unit.queue;
}

/// The driver resets its own unit for copies after an error and goes on with it.
bool is_own(const UnitRing& ring) {
  return hw::copies_for_host(ring.queue().address());
}

}  // namespace

Driver::Driver(hw::Hardware& hardware, const std::vector<UnitQueue*>& queues,
               const DriverTimes& times, const SeverityParams& severities,
               std::function<SimTime()> now, RequestListener& listener)
    : hardware_(hardware),
      times_(times),
      severities_(severities),
      now_(std::move(now)),
      listener_(listener),
      interval_(times.first_look) {
  for (UnitQueue* queue : queues) {
    rings_.push_back(std::make_unique<UnitRing>(
        hardware, *queue,
        hw::does_collectives(queue->address()) ? times_.collective : times_.execution));
    ring_of_unit_[key_of(queue->address())] = rings_.back().get();
  }
  hardware.on_interrupt([this](hw::UnitAddress unit) { interrupt(unit); });
  hardware.on_timer([this] { look(); });
  hardware.on_host_wait([this](hw::UnitAddress unit, bool waits) { host_wait(unit, waits); });
}

Driver::~Driver() = default;

UnitRing* Driver::ring_of(hw::UnitAddress unit) {
  const auto found = ring_of_unit_.find(key_of(unit));
  return found == ring_of_unit_.end() ? nullptr : found->second;
}

int Driver::device_of(const UnitRing& ring) const {
  const hw::Topology& topology = hardware_.topology();
  return ring.queue().address().core * topology.devices / topology.logical_cores;
}

SimTime Driver::timeout_of(const UnitRing& ring) const {
  return (hw::does_collectives(ring.queue().address()) ? times_.collective : times_.execution) +
         times_.margin;
}

void Driver::doorbell(UnitQueue& queue) {
  UnitRing& ring = *ring_of(queue.address());
  if (ring.watch().stopped != kNever) {
    return;  // stopped() comes back to it
  }
  queue.take_pending(taken_);
  if (taken_.empty()) {
    return;
  }
  if (ring.at_device().empty()) {
    ring.watch().deadline = now_() + timeout_of(ring);
    wake_at(std::min(ring.watch().deadline, now_() + times_.first_look));
  }
  for (std::unique_ptr<Request>& request : taken_) {
    request->submitted = now_();
    listener_.submitted(queue, *request);
    ring.push(std::move(request));
    ++at_device_;
  }
  taken_.clear();
  ring.ring_doorbell();
}

void Driver::interrupt(hw::UnitAddress unit) {
  if (UnitRing* ring = ring_of(unit)) {
    drain(*ring);
  }
  if (at_device_ == 0 || (for_host_ > 0 && !is_watched())) {
    wake_at(kNever);
  }
}

void Driver::host_wait(hw::UnitAddress unit, bool waits) {
  UnitRing* ring = ring_of(unit);
  if (ring == nullptr || ring->watch().for_host == waits) {
    return;
  }
  ring->watch().for_host = waits;
  for_host_ += waits ? 1 : -1;
  if (!waits && !ring->at_device().empty()) {
    ring->watch().deadline = now_() + timeout_of(*ring);
    wake_at(std::min(ring->watch().deadline, now_() + times_.first_look));
  } else if (waits && !is_watched()) {
    wake_at(kNever);
  }
}

/// Whether there is a unit to look after.
bool Driver::is_watched() const {
  return std::any_of(rings_.begin(), rings_.end(), [](const std::unique_ptr<UnitRing>& ring) {
    const UnitRing::Watch& watch = ring->watch();
    return watch.stopped != kNever || (!watch.for_host && !ring->at_device().empty());
  });
}

void Driver::drain(UnitRing& ring) {
  while (ring.watch().stopped == kNever) {
    std::optional<UnitRing::Finished> finished = ring.next_finished();
    if (!finished) {
      break;
    }
    progress_ = true;
    if (finished->found_by_host) {
      fail(ring, finished->error, std::move(finished->request));
    } else {
      finish(ring, std::move(finished->request), finished->error);
    }
  }
  ring.acknowledge();
}

void Driver::finish(UnitRing& ring, std::unique_ptr<Request> request, hw::DeviceError error) {
  const bool fatal = hw::is_fatal(error);
  if (fatal) {
    degrade(ring, error);  // before the failure is visible: whoever sees it must not get a
                           // request accepted (R61)
  }
  --at_device_;
  ring.watch().deadline = now_() + timeout_of(ring);
  const NRT_STATUS status = status_of(error);
  complete(ring, *request, status == NRT_SUCCESS && request->cancelled ? NRT_CLOSED : status);
  if (fatal) {
    flush(ring, NRT_EXEC_UNIT_UNRECOVERABLE);
    if (is_own(ring)) {
      ring.reset_unit();
      ring.restart_notifications();
    }
  }
}

void Driver::complete(UnitRing& ring, Request& request, NRT_STATUS status) {
  request.status = status;
  listener_.finished(ring.queue(), request);
}

/// Requests that wait for a unit of the driver's own are not lost with those at the device.
void Driver::flush(UnitRing& ring, NRT_STATUS status) {
  auto rest = std::exchange(ring.at_device(), {});
  at_device_ -= rest.size();
  if (!is_own(ring) || !hardware_.answers(device_of(ring))) {
    UnitQueue::Requests pending;
    ring.queue().take_pending(pending, true);
    for (std::unique_ptr<Request>& request : pending) {
      request->submitted = now_();
      rest.push_back(std::move(request));
    }
  }
  for (const std::unique_ptr<Request>& request : rest) {
    request->started = request->started == 0 ? now_() : request->started;
    request->ended = now_();
    complete(ring, *request, status);
  }
}

/// As far as the severity of the error reaches.
void Driver::degrade(UnitRing& ring, hw::DeviceError error) {
  const Severity& severity = severities_[error];
  const bool gone = error == hw::DeviceError::DeviceGone;
  const hw::UnitAddress address = ring.queue().address();
  if (!is_own(ring) || gone) {
    ring.queue().degrade();
  }
  for (const std::unique_ptr<UnitRing>& other : rings_) {
    const bool reached =
        severity.scope == FaultScope::Device
            ? device_of(*other) == device_of(ring)
            : severity.scope == FaultScope::Core && other->queue().address().core == address.core;
    if (other.get() != &ring && reached && (!is_own(*other) || gone)) {
      other->queue().degrade();
      stop(*other, gone ? error : hw::DeviceError::None, nullptr);
    }
  }
  if (!is_own(ring) || severity.scope != FaultScope::Unit) {
    listener_.degraded(address, error, severity);
  }
}

/// The host found that the oldest request of the unit failed.
void Driver::fail(UnitRing& ring, hw::DeviceError error, std::unique_ptr<Request> oldest) {
  NSIM_LOG(Tdrv, Error, "{}: {}; the unit is reset", unit_name(ring.queue().address()),
           error_name(error));
  degrade(ring, error);
  stop(ring, error, std::move(oldest));
}

/// Resets the unit. Its oldest request ends with `error`, or as those behind it when there is none.
void Driver::stop(UnitRing& ring, hw::DeviceError error, std::unique_ptr<Request> oldest) {
  UnitRing::Watch& watch = ring.watch();
  if (watch.stopped != kNever) {
    return;
  }
  if (!oldest && ring.at_device().empty()) {
    flush(ring, NRT_EXEC_UNIT_UNRECOVERABLE);
    return;
  }
  if (!oldest && error != hw::DeviceError::None) {
    oldest = std::move(ring.at_device().front());
    ring.at_device().pop_front();
  }
  ring.reset_unit();
  watch.quiet = false;
  hardware_.fence(device_of(ring), [&watch] { watch.quiet = true; });
  watch.error = error;
  watch.failed = std::move(oldest);
  watch.stopped = now_() + times_.drain;
  wake_at(watch.stopped);
}

void Driver::stopped(UnitRing& ring) {
  progress_ = true;
  UnitRing::Watch& watch = ring.watch();
  watch.stopped = kNever;
  if (const std::unique_ptr<Request> oldest = std::move(watch.failed)) {
    --at_device_;
    oldest->started = oldest->started == 0 ? now_() : oldest->started;
    oldest->ended = now_();
    complete(ring, *oldest, status_of(watch.error));
  }
  flush(ring, NRT_EXEC_UNIT_UNRECOVERABLE);
  ring.restart_notifications();
  doorbell(ring.queue());
}

void Driver::wake_at(SimTime at) {
  if (at == kNever) {
    next_look_ = kNever;
    hardware_.set_timer(kNever);
  } else if (at < next_look_) {
    next_look_ = at;
    hardware_.set_timer(std::max<SimTime>(at - now_(), 0));
  }
}

/// Looks are the rarer the longer nothing happens.
void Driver::look() {
  const bool at_rest = hardware_.at_rest();
  next_look_ = kNever;
  interval_ = std::exchange(progress_, false) ? times_.first_look
                                              : std::min(2 * interval_, times_.execution);
  for (const std::unique_ptr<UnitRing>& ring : rings_) {
    look_at(*ring, at_rest);
  }
  look_again();
}

void Driver::look_at(UnitRing& ring, bool at_rest) {
  if (ring.watch().stopped != kNever) {
    if (ring.watch().stopped > now_()) {
      return;
    }
    if (ring.watch().quiet || !hardware_.answers(device_of(ring))) {
      stopped(ring);
    } else {
      ring.watch().stopped = now_() + times_.drain;
    }
    return;
  }
  if (ring.at_device().empty()) {
    return;
  }
  const std::optional<SimTime> unread = ring.oldest_unread();
  if (unread && (at_rest || *unread + times_.first_look <= now_())) {
    NSIM_LOG(Tdrv, Warn, "{}: a notification came without its interrupt",
             unit_name(ring.queue().address()));
    drain(ring);
  }
  if (ring.at_device().empty() || ring.watch().stopped != kNever) {
    return;
  }
  if (!hardware_.answers(device_of(ring))) {
    fail(ring, hw::DeviceError::DeviceGone, nullptr);
  } else if (!ring.watch().for_host && (at_rest || now_() >= ring.watch().deadline)) {
    fail(ring, hw::silence_of(ring.queue().address()), nullptr);
  }
}

void Driver::look_again() {
  for (const std::unique_ptr<UnitRing>& ring : rings_) {
    if (ring->watch().stopped != kNever) {
      wake_at(ring->watch().stopped);
    } else if (!ring->watch().for_host && !ring->at_device().empty()) {
      wake_at(std::min(ring->watch().deadline, now_() + interval_));
    }
  }
}

void Driver::cancel_queued() {
  for (const std::unique_ptr<UnitRing>& ring : rings_) {
    drain(*ring);
    ring->queue().pause(false);
    doorbell(ring->queue());
    ring->cancel();
  }
}

}  // namespace nsim::rt
