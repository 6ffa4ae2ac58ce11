// SPDX-License-Identifier: Apache-2.0
// How long the driver waits for what, in simulated time.
#pragma once

#include "sim/base/units.h"

namespace nsim::rt {

struct DriverTimes {
  SimTime execution = 600 * kSecond;       // the units' watchdog
  SimTime collective = 600 * kSecond;      // of collectives units
  SimTime margin = kMillisecond;           // how much longer the host waits than the watchdogs
  SimTime first_look = 10 * kMillisecond;  // after the last sign of life
  SimTime drain = kMillisecond;            // from the reset of a unit until it touches nothing
};

}  // namespace nsim::rt
