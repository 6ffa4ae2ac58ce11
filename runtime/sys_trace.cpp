// SPDX-License-Identifier: Apache-2.0
#include "runtime/sys_trace.h"

#include <nlohmann/json.hpp>

namespace nsim::rt {

std::optional<std::size_t> find_sys_trace_event(const std::string& name) {
  for (std::size_t i = 0; i < kSysTraceEvents.size(); ++i) {
    if (name == kSysTraceEvents[i]) {
      return i;
    }
  }
  return std::nullopt;
}

void SysTrace::start(const SysTraceFilter& filter) {
  const std::lock_guard<std::mutex> lock(mutex_);
  filter_ = filter;
  running_ = true;
  for (auto& ring : rings_) {
    ring.clear();
  }
}

void SysTrace::stop() {
  const std::lock_guard<std::mutex> lock(mutex_);
  running_ = false;
  for (auto& ring : rings_) {
    ring.clear();
  }
}

std::string SysTrace::fetch(std::optional<std::uint32_t> core, std::uint64_t max_per_core) {
  nlohmann::json events = nlohmann::json::array();
  const std::lock_guard<std::mutex> lock(mutex_);
  for (std::size_t index = 0; index < rings_.size(); ++index) {
    if (core && *core != index) {
      continue;
    }
    std::deque<Event>& ring = rings_[index];
    for (std::uint64_t count = 0; count < max_per_core && !ring.empty(); ++count) {
      const Event& event = ring.front();
      events.push_back({{"event_type", kSysTraceEvents[event.type]},
                        {"phase", event.stop ? "stop" : "start"},
                        {"tracking_id", event.tracking_id},
                        {"lnc_idx", index},
                        {"data",
                         {{"nc_timestamp_ns", event.at / kNanosecond},
                          {"timestamp_ps", event.at},
                          {"sequence_id", event.sequence}}}});
      ring.pop_front();
    }
  }
  return nlohmann::json{{"events", std::move(events)}}.dump();
}

void SysTrace::execution(int core, nrta_seq_t sequence, SimTime start, SimTime end) {
  add(0, core, sequence, start, end);
}

void SysTrace::api_call(const char* name, int core, nrta_seq_t sequence, SimTime start,
                        SimTime end) {
  if (const auto type = find_sys_trace_event(name)) {
    add(*type, core, sequence, start, end);
  }
}

void SysTrace::add(std::size_t type, int core, nrta_seq_t sequence, SimTime start, SimTime end) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto index = static_cast<std::size_t>(core - first_core_);
  if (!running_ || !filter_.events[type] || !filter_.core(index)) {
    return;
  }
  std::deque<Event>& ring = rings_[index];
  const std::uint64_t id = next_tracking_id_++;
  ring.push_back({type, false, id, sequence, start});
  ring.push_back({type, true, id, sequence, end});
  while (ring.size() > filter_.max_events_per_core) {
    ring.pop_front();
  }
}

}  // namespace nsim::rt
