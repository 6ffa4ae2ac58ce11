// SPDX-License-Identifier: Apache-2.0
// critical_path.jsonl: why every request took as long as it did. One line each, in the order in
// which they end on the device and per unit in that of completion:
//
//   {"unit", "sequence", "submitted_ps", "started_ps", "ended_ps", "completed_ps", "error",
//    "segments": [{"kind", "from_ps", "to_ps", ...}]}
//
// Only requests that failed have `error`, the name of their status. Segments join from submitted_ps
// to completed_ps; of a request that failed they go as far as the device knows, and the rest is one
// of kind "failure". `kind` is hw::name(hw::PathKind); where it has
// them, a segment also says `core`, `engine`, `op`, `line`, `label` and `queue`.
#pragma once

#include <deque>
#include <fstream>
#include <map>
#include <string>

#include "runtime/report.h"
#include "sim/hw/request_path.h"

namespace nsim::rt {

/// Simulation thread, until close().
class PathFile {
 public:
  static constexpr const char* kName = "critical_path.jsonl";
  /// Creates the directory. Throws UserError when the file cannot be written.
  explicit PathFile(const std::string& directory);

  /// The unit is through with a request; the host does not know yet.
  void ended(const hw::RequestPath& path);
  /// The host knows. Writes the line, if the request has a path.
  void completed(const RequestRecord& request);
  /// Throws UserError when the disk was full.
  void close();

 private:
  struct Pending {
    std::uint64_t number = 0;  // of the request; 0: its descriptor could not be read
    SimTime begins = 0;        // the first segment
    SimTime ended = 0;         // the last one
    std::string segments;
  };

  Pending take(const RequestRecord& request);

  const std::string path_;
  std::ofstream file_;
  std::map<std::string, std::deque<Pending>> pending_;  // by unit
};

}  // namespace nsim::rt
