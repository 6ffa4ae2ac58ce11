// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/host_timer.h"

#include "sim/hw/time.h"

namespace nsim::hw {

HostTimer::HostTimer(sc_core::sc_module_name name) : sc_module(name) {
  SC_HAS_PROCESS(HostTimer);
  SC_METHOD(expire);
  sensitive << expired_;
  dont_initialize();
}

void HostTimer::set(SimTime delay) {
  expired_.cancel();
  if (delay != kNever) {
    expired_.notify(to_sc(delay));
  }
}

bool HostTimer::at_rest() {
  return !sc_core::sc_pending_activity();
}

void HostTimer::expire() {
  if (handler_) {
    handler_();
  }
}

}  // namespace nsim::hw
