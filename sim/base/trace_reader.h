// SPDX-License-Identifier: Apache-2.0
// Reads a .pftrace file written by nsim::Trace back: tests and tools add up what a viewer would
// show.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim/base/units.h"

namespace nsim {

struct TraceTrack {
  std::uint64_t uuid = 0;
  std::string name;
  std::uint64_t parent = 0;  // 0: the root
  int rank = 0;
  int pid = 0;       // of a process track
  std::string unit;  // of a counter track
  bool is_counter = false;
};

struct TraceSlice {
  std::uint64_t track = 0;
  std::string name;
  SimTime start_ps = 0;
  SimTime duration_ps = 0;
  bool is_instant = false;
  std::vector<std::uint64_t> flows;
  std::map<std::string, std::int64_t> numbers;  // arguments by key, without the two above
  std::map<std::string, std::string> texts;
  // What a viewer uses, for tests of the file itself.
  std::int64_t begin_ns = 0;
  std::int64_t end_ns = 0;
};

struct TraceCounter {
  std::uint64_t track = 0;
  std::int64_t at_ns = 0;
  double value = 0;
};

struct TraceFile {
  std::vector<TraceTrack> tracks;  // in the order of the file, as everything here
  std::vector<TraceSlice> slices;  // and instants
  std::vector<TraceCounter> counters;

  /// Names from the root, joined by '/': "Device 0/nc0/Tensor". "" for the root itself.
  std::string path(std::uint64_t track) const;
  /// The track with this path; throws UserError naming what exists when there is none.
  const TraceTrack& track(const std::string& path) const;
  std::vector<TraceSlice> slices_of(const std::string& track_path) const;
  /// The sum of duration_ps over the slices of one track.
  SimTime busy(const std::string& track_path) const;
};

/// Throws UserError when the file cannot be read or is no trace of ours (unbalanced
/// slices, unknown names or tracks, slices of a track that overlap without nesting).
TraceFile read_trace(const std::string& path);

/// Is told what a file holds, in its order, without any of it being kept: for traces of millions of
/// slices.
class TraceVisitor {
 public:
  virtual ~TraceVisitor() = default;
  virtual void track(const TraceTrack& track) = 0;
  /// A slice begins (`end_ns` is not known yet), or an instant. The visitor may move parts out of it.
  virtual void slice(TraceSlice& slice) = 0;
  /// The innermost open slice of `track` ends.
  virtual void end(std::uint64_t track, std::int64_t at_ns) = 0;
  virtual void counter(const TraceCounter& counter) = 0;
};

/// Throws as read_trace() does, but for overlapping slices.
void scan_trace(const std::string& path, TraceVisitor& visitor);

}  // namespace nsim
