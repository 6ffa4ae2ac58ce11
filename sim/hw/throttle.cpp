// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/throttle.h"

#include <algorithm>

namespace nsim::hw {

Throttle::Throttle(const cost::ThrottleParams& params) : params_(params), limited_(params.on) {}

bool Throttle::limits(SimTime at) {
  advance(at);
  return limited_;
}

void Throttle::work(SimTime from, SimTime until) {
  if (!params_.on) {
    return;
  }
  advance(from);
  if (!open_) {
    open_ = true;
    start_ = from;
    idle_ = 0;
  }
  idle_ += std::max<SimTime>(0, from - std::max(active_until_, start_));
  active_until_ = std::max(active_until_, until);
}

void Throttle::advance(SimTime at) {
  while (open_ && window_end() <= at) {
    close();
  }
}

void Throttle::close() {
  const SimTime end = window_end();
  const SimTime length = end - start_;
  const SimTime idle = idle_ + std::max<SimTime>(0, end - std::max(active_until_, start_));
  const bool limited =
      static_cast<double>(length - idle) < params_.utilisation * static_cast<double>(length);
  if (limited != limited_) {
    limited_ = limited;
    since_ = end;
  }
  start_ = end;
  idle_ = 0;
  open_ = !limited_ || active_until_ > end;
}

}  // namespace nsim::hw
