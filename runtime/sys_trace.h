// SPDX-License-Identifier: Apache-2.0
// The events behind nrt_sys_trace_*: one ring per logical core, oldest dropped when full.
#pragma once

#include <nrt/nrt_async_types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/units.h"

namespace nsim::rt {

inline constexpr std::array<const char*, 8> kSysTraceEvents = {
    "nc_exec_running",  "nrt_execute",      "nrta_execute_schedule", "nrt_tensor_read",
    "nrt_tensor_write", "nrta_tensor_read", "nrta_tensor_write",     "nrta_tensor_copy"};

/// What to capture.
struct SysTraceFilter {
  std::uint64_t max_events_per_core =
      1000000;              // NEURON_RT_INSPECT_SYS_TRACE_MAX_EVENTS_PER_NC's default
  std::vector<bool> cores;  // by visible index; missing ones are captured
  std::array<bool, kSysTraceEvents.size()> events;

  SysTraceFilter() { events.fill(true); }
  bool core(std::size_t index) const { return index >= cores.size() || cores[index]; }
};

/// Index into kSysTraceEvents.
std::optional<std::size_t> find_sys_trace_event(const std::string& name);

/// Any thread.
class SysTrace {
 public:
  /// `first_core` is the instance's number of visible core 0.
  SysTrace(int first_core, int cores)
      : first_core_(first_core), rings_(static_cast<std::size_t>(cores)) {}

  /// Drops what was captured before.
  void start(const SysTraceFilter& filter);
  void stop();
  /// Takes at most `max_per_core` events of one core, or of all when there is none; JSON.
  std::string fetch(std::optional<std::uint32_t> core, std::uint64_t max_per_core);

  void execution(int core, nrta_seq_t sequence, SimTime start, SimTime end);
  void api_call(const char* name, int core, nrta_seq_t sequence, SimTime start, SimTime end);

 private:
  struct Event {
    std::size_t type;
    bool stop;
    std::uint64_t tracking_id;
    nrta_seq_t sequence;
    SimTime at;
  };
  void add(std::size_t type, int core, nrta_seq_t sequence, SimTime start, SimTime end);

  const int first_core_;
  std::mutex mutex_;
  bool running_ = false;
  SysTraceFilter filter_;
  std::uint64_t next_tracking_id_ = 1;
  std::vector<std::deque<Event>> rings_;
};

}  // namespace nsim::rt
