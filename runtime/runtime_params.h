// SPDX-License-Identifier: Apache-2.0
// What the runtime lets a configuration choose.
#pragma once

#include <cstdint>

#include "runtime/driver_times.h"
#include "sim/base/params.h"

namespace nsim::rt {

struct RuntimeParams {
  explicit RuntimeParams(ParamScope scope);  // [runtime]
  std::int64_t queue_depth;                  // requests a unit accepts before NRT_QUEUE_FULL
  DriverTimes driver;                        // watchdogs, and what the host does about silence
  std::int64_t max_replica_groups;           // of one logical core
  std::int64_t microcode_bytes;              // HBM taken by firmware per physical core
  std::int64_t page_bytes;                   // granularity of device memory
  bool checks;                               // look for bugs of the client
  std::int64_t max_records;                  // requests remembered for the report
};

}  // namespace nsim::rt
