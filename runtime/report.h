// SPDX-License-Identifier: Apache-2.0
// What a session leaves behind: a record of every request, the statistics, and the summary made of
// them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/client_finding.h"
#include "runtime/counters.h"
#include "runtime/memory_ledger.h"
#include "sim/base/config.h"
#include "sim/base/stats.h"
#include "sim/base/units.h"
#include "sim/hw/hardware.h"
#include "sim/isa/stream.h"

namespace nsim::rt {

/// One completed request; times are simulated. `sequence` is the 48-bit number.
struct RequestRecord {
  hw::UnitAddress unit;
  std::uint64_t sequence = 0;
  std::uint32_t model_id = 0;  // Execute only
  std::uint64_t bytes = 0;     // Copy and Fill only
  SimTime submitted = 0;       // the schedule call returned (host clock)
  SimTime started = 0;         // the unit began to execute it (Trace notification)
  SimTime ended = 0;           // the unit finished it (Notify notification)
  SimTime completed = 0;       // published to the host
  int status = 0;              // NRT_STATUS
};

struct ModelRecord {
  std::uint32_t id = 0;
  std::string name;
  int core = 0;  // logical core
  isa::Work work;
  std::vector<std::pair<std::string, isa::Work>>
      operators;  // the same by operator, as the program names them
  std::int64_t spilled_bytes = 0;
  struct OnChip {
    std::int64_t peak = 0;      // most bytes of a partition in use at a time
    std::int64_t placed = 0;    // highest byte used
    std::int64_t capacity = 0;  // of a partition
  };
  OnChip sbuf, psum;
};

struct SessionRecord {
  hw::Topology topology;
  std::vector<ModelRecord> models;
  std::vector<RequestRecord> requests;  // in order of completion
  Stats stats;                          // Hardware::report
  std::vector<ParamInfo> params;
  std::string resolved_config;  // TOML
  CounterRecord counters;
  std::vector<MemoryLevel> memory_levels;
  std::string clock_mode;
  bool numerics = true;
  ClientCheckRecord client_checks;
  SimTime now = 0;
};

/// summary.json (schema on top of report.cpp): stable names, units, public profiler field names
/// where they exist.
std::string summary_json(const SessionRecord& record);

/// One screen for a terminal: time per request, utilisation, idle by cause, roofline, what bounds
/// the run.
std::string summary_text(const SessionRecord& record);

/// Adds one line to `file`: `client_checks` of summary.json. Sessions and processes may share it.
/// Throws UserError when it cannot.
void append_findings(const ClientCheckRecord& record, const std::string& file);

/// Writes summary.json and resolved.toml into `directory` (the traces are already there).
/// Throws UserError when it cannot.
void write_report(const SessionRecord& record, const std::string& directory);

}  // namespace nsim::rt
