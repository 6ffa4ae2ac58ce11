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

void ExecutionUnit::hand_over_path() {
  if (moments_ && ended_ != 0) {
    paths_({address_, started_, now(), moments_->path_to(ended_, streams_.get())});
  }
}

}  // namespace nsim::hw
