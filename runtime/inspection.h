// SPDX-License-Identifier: Apache-2.0
// Profiles for people who ask the runtime for one: NEURON_RT_INSPECT_* for a whole run,
// nrt_inspect_begin and nrt_inspect_stop for a part of it. Both leave
//   <output dir>/<instance>_pid_<pid>/<timestamp>/
//     ntrace.json       the events, as nrt_sys_trace_fetch_events gives them
//     trace_info.json   what this is, and what was captured
// and a whole run in addition
//     system_profile.pftrace, device_profile_model_<id>.pftrace, summary.json, resolved.toml
// A directory that cannot be written is a warning, and fails nothing.
#pragma once

#include <mutex>
#include <string>

#include "runtime/core_range.h"
#include "runtime/env.h"
#include "runtime/report.h"
#include "runtime/sys_trace.h"
#include "sim/hw/hardware.h"

namespace nsim::rt {

/// What nrt_inspect_begin_with_options may choose beyond the environment.
struct InspectOptions {
  InspectSettings settings;
  SysTraceFilter filter;
  int session_id = 0;
};

/// What the environment chose. Throws UserError for a filter that is wrong.
InspectOptions inspect_options(const InspectSettings& settings);

/// Any thread.
class Inspection {
 public:
  /// Begins at once when the environment asks for it. Throws UserError for a filter that is wrong.
  Inspection(const InspectSettings& settings, const hw::Topology& topology, CoreRange cores);

  /// Where the timelines of the whole run go; "" when none are wanted.
  const std::string& trace_directory() const { return trace_directory_; }
  bool wants_report() const { return !trace_directory_.empty(); }
  SysTrace& events() { return events_; }

  /// Throws StatusError(NRT_INVALID) when one is under way.
  void begin(const InspectOptions& options);
  /// Writes the events. Throws StatusError(NRT_INVALID) when none is under way.
  void stop();
  /// An execution failed in the device.
  void failed();
  /// The end of the session: writes what is still to be written. `traces` is where the timelines
  /// of the session lie, closed.
  void close(const SessionRecord& record, const std::string& traces);

 private:
  std::string new_directory(const std::string& output_dir) const;
  void begin_locked(const InspectOptions& options, const std::string& directory);
  void write_locked();
  void remove_unwanted() const;
  void finish_whole_run(const SessionRecord& record, const std::string& traces) const;

  const std::string instance_;
  const CoreRange cores_;
  SysTrace events_;
  std::mutex mutex_;
  bool active_ = false;
  bool failed_ = false;
  InspectOptions current_;
  std::string directory_;
  InspectOptions whole_run_;
  std::string trace_directory_;
};

}  // namespace nsim::rt
