// SPDX-License-Identifier: Apache-2.0
// The events behind nrt_sys_trace_*: one ring per logical core, oldest dropped when full.
#pragma once

#include <nrt/nrt_async_types.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/base/units.h"

namespace nsim::rt {

struct SysTraceEvent {
  const char* name;
  bool hardware;  // else of the runtime
};

/// The documented types and those of our own calls. Of the documented ones cc_exec_barrier,
/// timestamp_sync_point (there is one clock), model_load, runtime_execute, dmem_buf_copyin and
/// nrt_dma_mem_alloc may be chosen and never occur.
inline constexpr std::array<SysTraceEvent, 30> kSysTraceEvents = {{
    {"nc_exec_running", true},
    {"cc_running", true},
    {"cc_exec_barrier", true},
    {"numerical_err", true},
    {"nrt_model_switch", true},
    {"timestamp_sync_point", true},
    {"hw_notify", true},
    {"nrt_load", false},
    {"model_load", false},
    {"nrt_unload", false},
    {"nrt_execute", false},
    {"runtime_execute", false},
    {"nrta_execute_schedule", false},
    {"nrt_model_submit", false},
    {"nrt_tensor_allocate", false},
    {"nrt_tensor_free", false},
    {"nrt_tensor_read", false},
    {"nrt_tensor_write", false},
    {"nrt_tensor_copy", false},
    {"nrt_tensor_memset", false},
    {"nrta_tensor_read", false},
    {"nrta_tensor_write", false},
    {"nrta_tensor_copy", false},
    {"nrta_cc_schedule", false},
    {"kbl_exec_pre", false},
    {"kbl_exec_wait", false},
    {"kbl_exec_post", false},
    {"dmem_buf_copyin", false},
    {"nrt_dma_mem_alloc", false},
    {"notification_consume_errors", false},
}};

/// What to capture.
struct SysTraceFilter {
  std::uint64_t max_events_per_core =
      1000000;              // NEURON_RT_INSPECT_SYS_TRACE_MAX_EVENTS_PER_NC's default
  std::vector<bool> cores;  // by visible index; missing ones are captured
  std::array<bool, kSysTraceEvents.size()> events;

  SysTraceFilter() { events.fill(true); }
  /// Throws UserError for a number beyond those of any instance.
  void set_core(std::uint32_t index, bool enabled);
  /// The event of that name, or all of "hardware" or "software"; false when there is none.
  bool set_events(const std::string& name, bool enabled);
  bool core(std::size_t index) const { return index >= cores.size() || cores[index]; }
};

/// Index into kSysTraceEvents.
std::optional<std::size_t> find_sys_trace_event(const std::string& name);

/// A filter from the texts of NEURON_RT_INSPECT_EVENT_FILTER_NC ("0,2-3") and _TYPE ("hardware",
/// "software" and names, separated by commas, ^ takes away; "" for all). Throws UserError.
SysTraceFilter parse_filter(const std::string& cores, const std::string& events);

/// Any thread.
class SysTrace {
 public:
  /// `first_core` is the instance's number of visible core 0.
  SysTrace(int first_core, int cores, std::string instance = "")
      : first_core_(first_core),
        instance_(std::move(instance)),
        rings_(static_cast<std::size_t>(cores)) {}

  /// Cheap: whoever would only prepare events asks first.
  bool running() const { return running_.load(std::memory_order_relaxed); }

  /// Drops what was captured before.
  void start(const SysTraceFilter& filter);
  void stop();
  /// Takes at most `max_per_core` events of one core, or of all when there is none; JSON.
  std::string fetch(std::optional<std::uint32_t> core, std::uint64_t max_per_core);

  /// An event by its name; one that is none is left out. `core` is the instance's number.
  void event(const char* name, int core, nrta_seq_t sequence, SimTime start, SimTime end,
             int thread = 0);

 private:
  struct Event {
    std::size_t type;
    bool stop;
    std::uint64_t tracking_id;
    nrta_seq_t sequence;
    SimTime at;
    int thread;
  };

  const int first_core_;
  const std::string instance_;
  std::mutex mutex_;
  std::atomic<bool> running_{false};  // changed with the mutex held
  SysTraceFilter filter_;
  std::uint64_t next_tracking_id_ = 1;
  std::vector<std::deque<Event>> rings_;
};

}  // namespace nsim::rt
