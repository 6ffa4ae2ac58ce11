// SPDX-License-Identifier: Apache-2.0
#include "runtime/driver.h"

#include <utility>

#include "runtime/status.h"
#include "runtime/unit_ring.h"
#include "sim/base/log.h"

namespace nsim::rt {

Driver::Driver(hw::Hardware& hardware, const std::vector<UnitQueue*>& queues,
               const Timeouts& timeouts, std::function<SimTime()> now, RequestListener& listener)
    : now_(std::move(now)), listener_(listener) {
  for (UnitQueue* queue : queues) {
    const hw::UnitAddress unit = queue->address();
    rings_.push_back(std::make_unique<UnitRing>(
        hardware, *queue, hw::does_collectives(unit) ? timeouts.collective : timeouts.execution));
  }
  hardware.on_interrupt([this](hw::UnitAddress unit) { interrupt(unit); });
}

Driver::~Driver() = default;

UnitRing* Driver::ring_of(const UnitQueue& queue) {
  for (const std::unique_ptr<UnitRing>& ring : rings_) {
    if (&ring->queue() == &queue) {
      return ring.get();
    }
  }
  return nullptr;
}

void Driver::doorbell(UnitQueue& queue) {
  auto pending = queue.take_pending();
  if (pending.empty()) {
    return;
  }
  UnitRing& ring = *ring_of(queue);
  for (std::unique_ptr<Request>& request : pending) {
    request->submitted = now_();
    listener_.submitted(queue, *request);
    ring.push(std::move(request));
  }
  ring.ring_doorbell();
}

void Driver::interrupt(hw::UnitAddress unit) {
  for (const std::unique_ptr<UnitRing>& ring : rings_) {
    const hw::UnitAddress address = ring->queue().address();
    if (address.core == unit.core && address.type == unit.type && address.queue == unit.queue) {
      drain(*ring);
      return;
    }
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
  for (std::unique_ptr<Request>& request : ring.queue().take_pending(true)) {
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
  flush(*ring_of(queue), status);
}

}  // namespace nsim::rt
