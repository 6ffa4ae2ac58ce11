// SPDX-License-Identifier: Apache-2.0
// The collectives of an execution unit, and its watchdog.
#include <algorithm>
#include <optional>
#include <utility>

#include "sim/base/log.h"
#include "sim/hw/execution_unit.h"
#include "sim/hw/time.h"

namespace nsim::hw {

bool ExecutionUnit::valid_collective(const Collective& collective) const {
  return std::all_of(collective.buffers.begin(), collective.buffers.end(), [&](const auto& buffer) {
    return parts_.map->locate(buffer.input, buffer.bytes).region == Region::Hbm &&
           parts_.map->locate(buffer.output, collective.output_bytes(buffer)).region == Region::Hbm;
  });
}

void ExecutionUnit::run_collective() {
  std::optional<Collective> collective = Collective::parse(current_.bindings);
  if (parts_.stream == nullptr || !collective || !valid_collective(*collective)) {
    finish(DeviceError::BadDescriptor);
    return;
  }
  if (injected_ == DeviceError::Hang) {
    start_watchdog();
    return;
  }
  if (timeout_ > 0) {
    parts_.deadlines->add(address_, started_ + timeout_, [this] { start_watchdog(); });
  }
  parts_.stream->start(
      std::move(*collective), current_.descriptor.flow, origin(),
      injected_ == DeviceError::DmaAbort ? injected_ : DeviceError::None,
      [this] {
        parts_.deadlines->remove(address_);
        start_watchdog();
      },
      [this, run = run_](DeviceError error) {
        if (run == run_ && busy_) {
          ended_ = follow(PathKind::Collective, launched_);
          finish(error == DeviceError::None ? injected_ : error);
        }
      });
}

void ExecutionUnit::start_watchdog() {
  if (timeout_ > 0) {
    deadline_ = std::max(started_ + timeout_, now());
    watch();
  }
}

/// Looks again after as long as the request has been running, at the deadline at the latest. The
/// library keeps a cancelled event until its time comes: an event at the deadline itself, seconds
/// away, would stay behind after each of millions of short requests.
void ExecutionUnit::watch() {
  constexpr SimTime kFirstLook = 100 * kMicrosecond;
  const SimTime next = std::max(kFirstLook, now() - started_);
  watchdog_.notify(to_sc(std::min(next, deadline_ - now())));
}

void ExecutionUnit::tell_standstill() const {
  for (const CoreParts& part : parts_.cores) {
    for (const std::string& line : part.core->standstill()) {
      NSIM_LOG(Kmgr, Error, "request {} of {} does not end: core {}: {}", current_.number,
               unit_name(address_), part.index, line);
    }
  }
}

void ExecutionUnit::time_out() {
  if (!busy_) {
    return;
  }
  if (now() < deadline_) {
    watch();
    return;
  }
  if (current_.descriptor.opcode == RequestOpcode::Execute && cores_left_ > 0) {
    tell_standstill();
    core_error_ = DeviceError::Hang;
    for (const CoreParts& part : parts_.cores) {
      part.core->abort(DeviceError::Hang);
    }
    return;
  }
  if (current_.descriptor.opcode == RequestOpcode::Collective) {
    parts_.stream->abort();
    finish(DeviceError::CollectiveStuck);
    return;
  }
  parts_.dma->abort(address_);
  finish(silence_of(address_));
}

}  // namespace nsim::hw
