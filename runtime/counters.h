// SPDX-License-Identifier: Apache-2.0
// The counters of each logical core, under the names of the real driver's sysfs, which monitoring
// tools read. They count executions; other requests do not appear.
#pragma once

#include <nrt/nrt_status.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "runtime/memory.h"
#include "sim/base/units.h"

namespace nsim::rt {

inline constexpr std::size_t kStatusCounters = 14;
/// Index of the status counter, e.g. of "hw_error", that an execution with `status` adds to.
std::size_t status_counter(NRT_STATUS status);
const char* status_counter_name(std::size_t index);

struct CoreCounters {
  std::array<std::uint64_t, kStatusCounters> status{};
  std::uint64_t inference_count = 0;
  std::uint64_t model_load_count = 0;
  double flop_count = 0;
  SimTime time_in_use = 0;
};

/// The counters of all cores and the memory in use, at one time.
struct CounterRecord {
  struct Stack {
    std::string name;                                    // "nd0.hbm1"
    std::array<std::uint64_t, kMemoryUseCount> bytes{};  // by MemoryUse
  };
  int first_core = 0;
  std::vector<CoreCounters> cores;
  std::vector<Stack> memory;
};

/// {"neuroncore_counters": {"<core>": {"status": {...}, "inference_count": n, ...}},
///  "memory_usage": {"device_mem": {"nd<d>.hbm<h>": {"<category>": bytes}}}}
nlohmann::ordered_json counters_json(const CounterRecord& record);

/// Any thread.
class Counters {
 public:
  /// `first_core` is the instance's number of visible core 0.
  Counters(int first_core, int cores)
      : first_core_(first_core), cores_(static_cast<std::size_t>(cores)) {}

  /// An execution that came to an end; `core` is the instance's number.
  void executed(int core, NRT_STATUS status, SimTime busy, double flops);
  /// An execution or a model that was refused; a core that is none is core 0's affair.
  void refused(int core, NRT_STATUS status);
  void loaded(int core);

  std::vector<CoreCounters> values() const;
  CounterRecord record(const std::vector<std::shared_ptr<HbmPool>>& pools) const;

 private:
  CoreCounters& of(int core);

  const int first_core_;
  mutable std::mutex mutex_;
  std::vector<CoreCounters> cores_;
};

}  // namespace nsim::rt
