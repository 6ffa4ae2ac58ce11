// SPDX-License-Identifier: Apache-2.0
// The utilisation limit of the Tensor engine: an array that was not used runs at a reduced rate
// until it has been kept busy for a while; one that is no longer used enough is limited again.
//
// Time is cut into windows. A window counts for how much of it the engine had an instruction under
// way (start to result, as long as it would last at full rate). While limited, a window opens with
// the first instruction and lasts `ramp`; at full rate windows follow each other and last `window`.
// A window used for at least `utilisation` is followed by one at full rate, any other by the limit.
// Nothing happens between instructions: windows are closed when the next one begins.
#pragma once

#include "sim/base/units.h"
#include "sim/cost/engine_params.h"

namespace nsim::hw {

class Throttle {
 public:
  explicit Throttle(const cost::ThrottleParams& params);

  bool on() const { return params_.on; }
  /// Is the rate reduced for an instruction that begins at `at`? Times of calls never decrease.
  bool limits(SimTime at);
  /// An instruction is under way from `from` (not before the last limits()) to `until`.
  void work(SimTime from, SimTime until);
  /// When the present rate came into force.
  SimTime since() const { return since_; }

 private:
  SimTime window_end() const { return start_ + (limited_ ? params_.ramp : params_.window); }
  void advance(SimTime at);
  void close();

  const cost::ThrottleParams params_;
  bool limited_;
  bool open_ = false;  // a window is under way; at full rate always
  SimTime start_ = 0;  // of the window
  SimTime idle_ = 0;   // in the window, up to the instruction that began last
  SimTime active_until_ = 0;
  SimTime since_ = 0;
};

}  // namespace nsim::hw
