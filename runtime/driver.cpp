// SPDX-License-Identifier: Apache-2.0
#include "runtime/driver.h"

#include <utility>

#include "runtime/status.h"
#include "runtime/unit_ring.h"
#include "sim/base/log.h"

namespace nsim::rt {
namespace {

std::uint32_t key_of(hw::UnitAddress unit) {
  return std::uint32_t{unit.core} << 16 | static_cast<std::uint32_t>(unit.type) << 8 | unit.queue;
}

}  // namespace

Driver::Driver(hw::Hardware& hardware, const std::vector<UnitQueue*>& queues,
               const Timeouts& timeouts, std::function<SimTime()> now, RequestListener& listener)
    : now_(std::move(now)), listener_(listener) {
  for (UnitQueue* queue : queues) {
    const hw::UnitAddress unit = queue->address();
    rings_.push_back(std::make_unique<UnitRing>(
        hardware, *queue, hw::does_collectives(unit) ? timeouts.collective : timeouts.execution));
    ring_of_unit_[key_of(unit)] = rings_.back().get();
  }
  hardware.on_interrupt([this](hw::UnitAddress unit) { interrupt(unit); });
}

Driver::~Driver() = default;

UnitRing* Driver::ring_of(hw::UnitAddress unit) {
  const auto found = ring_of_unit_.find(key_of(unit));
  return found == ring_of_unit_.end() ? nullptr : found->second;
}

void Driver::doorbell(UnitQueue& queue) {
  queue.take_pending(taken_);
  if (taken_.empty()) {
    return;
  }
  UnitRing& ring = *ring_of(queue.address());
  for (std::unique_ptr<Request>& request : taken_) {
    request->submitted = now_();
    listener_.submitted(queue, *request);
    ring.push(std::move(request));
  }
  taken_.clear();
  ring.ring_doorbell();
}

void Driver::interrupt(hw::UnitAddress unit) {
  if (UnitRing* ring = ring_of(unit)) {
    drain(*ring);
  }
}

void Driver::drain(UnitRing& ring) {
  while (std::optional<UnitRing::Finished> finished = ring.next_finished()) {
    NRT_STATUS status = status_of(finished->error);
    if (status == NRT_SUCCESS && finished->request->cancelled) {
      status = NRT_CLOSED;
    }
    finish(ring, std::move(finished->request), status);
  }
  ring.acknowledge();
}

void Driver::finish(UnitRing& ring, std::unique_ptr<Request> request, NRT_STATUS status) {
  const bool fatal = is_fatal(status);
  if (fatal) {
    ring.queue().degrade();  // before the failure is visible: whoever sees it must not get a
                             // request accepted (R61)
  }
  request->status = status;
  listener_.finished(ring.queue(), *request);
  if (fatal) {
    flush(ring, NRT_EXEC_UNIT_UNRECOVERABLE);
  }
}

void Driver::flush(UnitRing& ring, NRT_STATUS status) {
  auto rest = std::exchange(ring.at_device(), {});
  UnitQueue::Requests pending;
  ring.queue().take_pending(pending, true);
  for (std::unique_ptr<Request>& request : pending) {
    request->submitted = now_();
    rest.push_back(std::move(request));
  }
  for (const std::unique_ptr<Request>& request : rest) {
    request->started = request->started == 0 ? now_() : request->started;
    request->ended = now_();
    request->status = status;
    listener_.finished(ring.queue(), *request);
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

void Driver::abandon(UnitQueue& queue, NRT_STATUS status) {
  queue.degrade();
  flush(*ring_of(queue.address()), status);
}

}  // namespace nsim::rt
