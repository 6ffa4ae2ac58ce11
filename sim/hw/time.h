// SPDX-License-Identifier: Apache-2.0
// SimTime to and from SystemC. The resolution is SystemC's default, 1 ps, so that both count the
// same ticks. Simulation thread only.
#pragma once

#include <systemc>

#include "sim/base/units.h"

namespace nsim::hw {

inline sc_core::sc_time to_sc(SimTime time) {
  return sc_core::sc_time::from_value(static_cast<sc_dt::uint64>(time));
}

/// The current simulated time.
inline SimTime now() {
  return static_cast<SimTime>(sc_core::sc_time_stamp().value());
}

}  // namespace nsim::hw
