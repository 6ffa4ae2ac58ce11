// SPDX-License-Identifier: Apache-2.0
// Watches requests for the report, the system trace file, nrt_sys_trace and nrt_profile. Changes
// nothing.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime/path_file.h"
#include "runtime/profiles.h"
#include "runtime/report.h"
#include "runtime/request.h"
#include "runtime/sys_trace.h"
#include "runtime/unit_queue.h"
#include "sim/base/trace.h"

namespace nsim::rt {

/// Simulation thread.
class Recorder {
 public:
  /// `instance` names the process group in the trace.
  Recorder(const std::string& instance, TraceSet& traces, std::vector<SysTrace*> events,
           Profiles& profiles, std::int64_t max_records);

  void submitted(const UnitQueue& queue, const Request& request);
  /// Before the request is visible as complete, so that whoever sees that finds the records.
  void finished(const UnitQueue& queue, const Request& request, SimTime now);
  /// Writes critical paths from now on; `file` outlives the recorder's use.
  void write_paths(PathFile* file) { paths_ = file; }

  const std::vector<RequestRecord>& requests() const { return requests_; }
  /// Of the last few requests that were finished; nothing when it is none of them.
  std::optional<RequestRecord> find_recent(const hw::UnitAddress& unit, std::uint64_t number) const;

 private:
  /// A slice of a host thread's track, pushed behind the one before where the host ran ahead of the
  /// device's clock.
  void host_span(const Request& request, SimTime end);
  /// Every event that a request means, in the order of time.
  void trace_request(const UnitQueue& queue, const Request& request, SimTime now);
  void api_call(const UnitQueue& queue, const Request& request, SimTime end);
  TrackId unit_track(const UnitQueue& queue);

  struct ThreadTrack {
    TrackId track = 0;
    SimTime end = 0;
  };

  TraceSet& traces_;
  const std::vector<SysTrace*> events_;
  Profiles& profiles_;
  PathFile* paths_ = nullptr;
  const std::size_t max_records_;
  std::vector<RequestRecord> requests_;
  std::array<RequestRecord, 64> recent_;
  std::uint64_t finished_ = 0;
  TrackId process_ = 0;
  std::map<int, std::uint32_t> model_of_core_;  // the last one that ran
  std::map<int, ThreadTrack> threads_;
  std::map<nrta_xu_id_t, TrackId> units_;
};

}  // namespace nsim::rt
