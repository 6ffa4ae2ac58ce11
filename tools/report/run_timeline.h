// SPDX-License-Identifier: Apache-2.0
// What the traces of a run say, as rows of columns: a million slices are a few arrays per row.
// Reports, their tables and the timeline of the HTML page are made from it.
//
// Data flow: scan_trace() hands over every slice of system_profile.pftrace and of each
// device_profile_model_<id>.pftrace -> RowBuilder appends it to the row of its track -> rows
// are put into the order in which Neuron's profiler shows them.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sim/base/units.h"

namespace nsim::tool {

enum class RowKind : std::uint8_t {
  Host,       // calls of a host thread
  Unit,       // requests on a unit or physical core
  DmaQueue,   // transfers
  DmaEngine,  // packets
  Engine,     // instructions
  Wait        // what the engine above it waits for
};
const char* name_of(RowKind kind);

/// What an engine waits for.
struct Awaited {
  int semaphore = -1;      // -1: none
  std::int64_t value = 0;  // at least
  std::uint32_t core = 0;  // into RunTimeline::texts
};

/// Slices of one track in the order of their starts; columns are equally long.
struct TimelineRow {
  std::string name;  // "Tensor(nc0)"; of several logical cores "NC1 Tensor(nc2)"
  RowKind kind = RowKind::Host;
  int rank = 0;
  std::vector<SimTime> start;
  std::vector<SimTime> end;
  std::vector<std::uint32_t> text;  // into RunTimeline::texts: opcode, queue, call, cause
  // Engine: when the result is there. DmaQueue: when the transfer was submitted, which may be
  // before `start`, where the transfer before it ended. Else empty.
  std::vector<SimTime> other;
  std::vector<std::uint32_t> label;  // Engine and DmaQueue: into RunTimeline::labels
  std::vector<std::int64_t> detail;  // Engine: line of the program; Dma...: bytes; Host: sequence
  // DmaQueue: descriptors, and from when to when DMA engines moved them. Else empty.
  std::vector<std::int64_t> descriptors;
  std::vector<SimTime> begun;
  std::vector<SimTime> moved;
  std::vector<Awaited> awaited;  // Wait

  std::size_t size() const { return start.size(); }
};

/// An operator of a loaded model.
struct OperatorLabel {
  std::uint32_t model = 0;
  std::string name;
};

/// The Tensor engine runs at `percent` of its rate from `at` on.
struct RateChange {
  std::string engine;  // "Tensor(nc0)"
  SimTime at = 0;      // whole nanoseconds
  double percent = 0;
};

/// A semaphore of a core is updated, and holds `value` then.
struct SemaphoreUpdate {
  SimTime at = 0;
  std::uint32_t core = 0;  // into RunTimeline::texts: semaphores are of one core
  std::uint32_t by = 0;    // the same: "Tensor(nc0)", "qSyncIO0(nc0)"
  int semaphore = 0;
  std::int64_t value = 0;
};

/// The first instruction on a core of a request.
struct FirstInstruction {
  std::string row;  // its name
  SimTime start = 0;
  std::uint32_t model = 0;
  std::int64_t sequence = 0;  // of the request on its unit
};

struct RunTimeline {
  std::vector<TimelineRow> rows;
  std::vector<std::string> texts;
  std::vector<OperatorLabel> labels;
  std::vector<RateChange> rates;         // in the order of time within an engine
  std::vector<SemaphoreUpdate> updates;  // in the order of time
  std::vector<FirstInstruction> first_instructions;
  SimTime begin = 0;  // of everything
  SimTime end = 0;

  std::size_t slices() const;
};

struct ModelPlace {
  std::uint32_t model = 0;
  int logical_core = 0;
};
/// Empty when the run left no traces. Throws UserError when one cannot be read.
RunTimeline read_timeline(const std::string& folder, const std::vector<ModelPlace>& models);

/// What an engine waited for; nullptr when it never did.
const TimelineRow* waits_of(const RunTimeline& timeline, const TimelineRow& engine);

/// From, to.
using TimeSpans = std::vector<std::pair<SimTime, SimTime>>;
/// The time that any of them covers; sorts them.
SimTime covered_time(TimeSpans& spans);

/// By label: time in which any instruction or transfer of it was under way, over all cores.
std::vector<SimTime> operator_times(const RunTimeline& timeline);

}  // namespace nsim::tool
