// SPDX-License-Identifier: Apache-2.0
#include "runtime/sys_trace.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <sstream>

#include "runtime/json_text.h"
#include "sim/base/error.h"

namespace nsim::rt {

std::optional<std::size_t> find_sys_trace_event(const std::string& name) {
  for (std::size_t i = 0; i < kSysTraceEvents.size(); ++i) {
    if (name == kSysTraceEvents[i].name) {
      return i;
    }
  }
  return std::nullopt;
}

namespace {

constexpr int kMaxCores = 1024;

std::vector<std::string> words(const std::string& text) {
  std::vector<std::string> all;
  std::istringstream in(text);
  for (std::string word; std::getline(in, word, ',');) {
    all.push_back(word);
  }
  return all;
}

int core_number(const char*& at, const char* end, const std::string& text) {
  int value = 0;
  const auto [stop, error] = std::from_chars(at, end, value);
  if (error != std::errc() || value < 0 || value >= kMaxCores) {
    throw UserError(fmt::format(
        "NEURON_RT_INSPECT_EVENT_FILTER_NC=\"{}\" is not a list of cores and ranges like 0,2-3",
        text));
  }
  at = stop;
  return value;
}

void choose_cores(const std::string& text, std::vector<bool>& cores) {
  cores.assign(kMaxCores, false);
  for (const std::string& word : words(text)) {
    const char* at = word.data();
    const char* end = at + word.size();
    const int low = core_number(at, end, text);
    int high = low;
    if (at != end && *at == '-') {
      high = core_number(++at, end, text);
    }
    if (at != end || high < low) {
      core_number(end, end, text);  // says what is wrong
    }
    for (int core = low; core <= high; ++core) {
      cores[static_cast<std::size_t>(core)] = true;
    }
  }
}

void choose_events(const std::string& text, SysTraceFilter& filter) {
  const std::vector<std::string> chosen = words(text);
  const bool only_negative = std::all_of(chosen.begin(), chosen.end(),
                                         [](const auto& word) { return word.rfind('^', 0) == 0; });
  filter.events.fill(only_negative);
  for (const std::string& each : chosen) {
    const bool negative = each.rfind('^', 0) == 0;
    const std::string word = each.substr(negative ? 1 : 0);
    if (!filter.set_events(word, !negative)) {
      throw UserError(
          fmt::format("NEURON_RT_INSPECT_EVENT_FILTER_TYPE=\"{}\": \"{}\" is neither "
                      "hardware, software nor an event type",
                      text, word));
    }
  }
}

}  // namespace

void SysTraceFilter::set_core(std::uint32_t index, bool enabled) {
  if (index >= kMaxCores) {
    throw UserError(fmt::format("there is no core {}", index));
  }
  if (cores.size() <= index) {
    cores.resize(index + 1, true);
  }
  cores[index] = enabled;
}

bool SysTraceFilter::set_events(const std::string& name, bool enabled) {
  bool known = false;
  for (std::size_t i = 0; i < kSysTraceEvents.size(); ++i) {
    const SysTraceEvent& event = kSysTraceEvents[i];
    if (name == event.name || name == (event.hardware ? "hardware" : "software")) {
      events[i] = enabled;
      known = true;
    }
  }
  return known;
}

SysTraceFilter parse_filter(const std::string& cores, const std::string& events) {
  SysTraceFilter filter;
  if (!cores.empty()) {
    choose_cores(cores, filter.cores);
  }
  if (!events.empty()) {
    choose_events(events, filter);
  }
  return filter;
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
      events.push_back({{"event_type", kSysTraceEvents[event.type].name},
                        {"phase", event.stop ? "stop" : "start"},
                        {"tracking_id", event.tracking_id},
                        {"lnc_idx", index},
                        {"thread_id", event.thread},
                        {"process_id", getpid()},
                        {"instance_id", instance_},
                        {"worker_gid", 0},
                        {"data",
                         {{"nc_timestamp_ns", event.at / kNanosecond},
                          {"timestamp_ps", event.at},
                          {"sequence_id", event.sequence}}}});
      ring.pop_front();
    }
  }
  return json_text(nlohmann::json{{"events", std::move(events)}});
}

void SysTrace::event(const char* name, int core, nrta_seq_t sequence, SimTime start, SimTime end,
                     int thread) {
  if (!running()) {
    return;
  }
  const auto type = find_sys_trace_event(name);
  const auto index = static_cast<std::size_t>(core - first_core_);
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!type || !running_ || !filter_.events[*type] || !filter_.core(index)) {
    return;
  }
  std::deque<Event>& ring = rings_[index];
  const std::uint64_t id = next_tracking_id_++;
  ring.push_back({*type, false, id, sequence, start, thread});
  ring.push_back({*type, true, id, sequence, end, thread});
  while (ring.size() > filter_.max_events_per_core) {
    ring.pop_front();
  }
}

}  // namespace nsim::rt
