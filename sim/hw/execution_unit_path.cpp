// SPDX-License-Identifier: Apache-2.0
// Why the requests of an execution unit take as long as they do.
#include <utility>

#include "sim/hw/execution_unit.h"
#include "sim/hw/time.h"

namespace nsim::hw {

void ExecutionUnit::record_paths(PathHandler handler) {
  paths_ = std::move(handler);
  moments_ = std::make_unique<Moments>();
}

/// From the doorbell's arrival to the start of the request. A descriptor that was there before the
/// unit was free has delayed nothing.
void ExecutionUnit::begin_path() {
  if (!moments_) {
    return;
  }
  path_open_ = true;
  ended_ = moments_->begin(current_.written);
  if (current_.ready < now()) {
    ended_ = follow(PathKind::Queue, ended_);
    return;
  }
  Moment room;
  room.at = current_.requested;
  room.cause = ended_;
  ended_ = moments_->add(room);
  ended_ = follow(PathKind::Descriptor, ended_);
}

MomentId ExecutionUnit::follow(PathKind kind, MomentId cause) {
  if (!moments_) {
    return 0;
  }
  Moment moment;
  moment.at = now();
  moment.cause = cause;
  moment.kind = kind;
  return moments_->add(moment);
}

/// Of a request that failed: to the last moment at which anything went on, and from there to now.
void ExecutionUnit::hand_over_path(DeviceError error) {
  if (!std::exchange(path_open_, false)) {
    return;
  }
  if (error != DeviceError::None || ended_ == 0) {
    ended_ = follow(PathKind::Failure, moments_->latest(now()));
  }
  paths_({address_, current_.descriptor.flow, started_, now(),
          moments_->path_to(ended_, streams_.get())});
}

}  // namespace nsim::hw
