// SPDX-License-Identifier: Apache-2.0
// Timelines in Perfetto's protobuf format. One Trace is one file; a disabled Trace costs a branch.
//
// Timestamps in the file are nanoseconds, as Perfetto wants; every slice also carries its exact
// `start_ps` and `duration_ps` so that sums over a trace are exact. Slices of one track must not
// overlap unless nested. Packets are written in the order of the calls; a viewer sorts them by
// nanosecond: of nested slices that begin in the same one, record the outer first.
// Simulation thread only.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "sim/base/units.h"
#include "sim/base/waves.h"

namespace nsim {

using TrackId = std::uint32_t;  // 0: the root
using NameId = std::uint32_t;   // interned string

/// One key/value shown when a slice is clicked.
struct TraceArg {
  const char* key;  // a literal: known by its address
  std::int64_t number = 0;
  std::string_view text = {};  // used when not empty
};

class Trace {
 public:
  /// A trace that records nothing.
  Trace();
  /// Writes to `path`. Throws UserError when it cannot be created.
  explicit Trace(const std::string& path);
  ~Trace();
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;

  bool enabled() const { return writer_ != nullptr; }

  /// A named row under `parent`; rows of one parent are shown by ascending `rank`. The same
  /// (parent, name) gives the same track. `process` makes it a process group.
  TrackId track(const std::string& name, TrackId parent = 0, int rank = 0);
  TrackId process(const std::string& name, int pid, int rank = 0);
  TrackId counter_track(const std::string& name, const std::string& unit, TrackId parent = 0,
                        int rank = 0);
  NameId name(std::string_view text);

  /// `flow` (0: none) draws an arrow through all slices with the same id, in order of time.
  void slice(TrackId track, NameId name, SimTime start, SimTime end, std::uint64_t flow = 0,
             std::initializer_list<TraceArg> args = {});
  void instant(TrackId track, NameId name, SimTime at, std::uint64_t flow = 0,
               std::initializer_list<TraceArg> args = {});
  void counter(TrackId track, SimTime at, double value);

  /// Flushes and closes the file; throws UserError when the disk was full. Called by the destructor
  /// (which then only logs).
  void close();

 private:
  class Writer;
  std::unique_ptr<Writer> writer_;
};

/// The traces of one session: the system's, and one per loaded model, made on first use.
class TraceSet {
 public:
  /// No directory: all traces disabled.
  TraceSet();
  /// <directory>/system_profile.pftrace and device_profile_model_<id>.pftrace. Creates the
  /// directory; "" stands for none. What `waves` asks for goes where that says.
  explicit TraceSet(std::string directory, const WaveOptions& waves = {});
  ~TraceSet();

  bool enabled() const { return !directory_.empty(); }
  Trace& system() { return *system_; }
  Trace& device(std::uint32_t model_id);
  Waves& waves() { return waves_; }
  void close();

 private:
  std::string directory_;
  std::unique_ptr<Trace> system_;
  std::map<std::uint32_t, std::unique_ptr<Trace>> devices_;
  Waves waves_;
};

}  // namespace nsim
