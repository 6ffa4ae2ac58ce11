// SPDX-License-Identifier: Apache-2.0
// When an HBM stack serves what: the interface of its timing models. [hbm] model chooses one:
//
//   bandwidth  one pipe for the whole stack (hbm_bandwidth.h); fast
//   banked     pseudo-channels, banks and rows (hbm_banked.h)
//
// A service has two parts. Until `end` the stack is what limits the initiator: it waited for its
// share of a resource and moved its bytes. `latency` comes on top, but passes while the initiator
// goes on with its next transaction.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sim/base/stats.h"
#include "sim/base/units.h"
#include "sim/hw/scatter_list.h"

namespace nsim::hw {

/// One transaction at the stack; `rows` are pieces of memory inside the stack.
struct HbmAccess {
  SimTime at = 0;  // its arrival; never before that of the access before
  bool write = false;
  std::int64_t bytes = 0;
  const Segment* rows = nullptr;
  std::size_t count = 0;
};

/// Simulation thread.
class HbmTiming {
 public:
  virtual ~HbmTiming() = default;
  struct Service {
    SimTime end = 0;      // the stack has delivered or taken the last byte
    SimTime latency = 0;  // until the initiator sees it; overlaps with other transactions
  };
  virtual Service access(const HbmAccess& access) = 0;
  virtual void report(StatsScope stats) const = 0;
};

}  // namespace nsim::hw
