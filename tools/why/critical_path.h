// SPDX-License-Identifier: Apache-2.0
// The critical path of a request as a run recorded it (runtime/path_file.h), and what people want
// to know of it: what, where, how long, waiting for what.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "sim/base/units.h"

namespace nsim::tool {

/// Joins with the next one.
struct CriticalSegment {
  SimTime from = 0;
  SimTime to = 0;
  std::string kind;   // as hw::name(hw::PathKind)
  std::string what;   // instruction or activity: "nc_matmul", "descriptor fetch"
  std::string where;  // "Vector(nc0)", "qSyncIO0(nc0)", "host link": the timeline's names
  std::string waits;  // "its result", "DMA engines, behind other transfers"
  int line = 0;       // of the program; 0: none
  std::string label;
};

struct CriticalPath {
  std::string unit;
  std::int64_t sequence = 0;
  std::string error;  // of a request that failed
  SimTime submitted = 0;
  SimTime completed = 0;
  std::vector<CriticalSegment> segments;
  SimTime time() const { return completed - submitted; }
};

/// Segments of one kind at one place: a row of the table.
struct PathRow {
  std::string kind, what, where, waits;
  std::string label;  // only of rows_by_line()
  SimTime time = 0;
  std::int64_t count = 0;
  const CriticalSegment* longest = nullptr;
};

/// Out of the file in a run's directory. `wanted` 1, 2, ...: the request of a compute unit, in the
/// order of completion (of any unit when no program ran); 0: the last one that succeeded, or the
/// last when none did. Throws UserError when there is none.
CriticalPath read_critical_path(const std::string& folder, std::int64_t wanted);
bool has_critical_path(const std::string& folder);

CriticalPath parse_critical_path(const nlohmann::json& line);

/// The longest first; their times add up to the path's. They point into `path`.
std::vector<PathRow> rows_of(const CriticalPath& path);
/// The same for each source line; `label` of every row is that of its line.
std::vector<PathRow> rows_by_line(const CriticalPath& path);

/// By how much longer a row is in the second of two paths. Cores do not count: of those that work
/// alike, the path may go over one here and another there.
struct PathShift {
  SimTime time = 0;
  std::string what, where, waits;  // "Vector", "core"
};
/// Rows whose times differ, the largest first; they add up to the difference of the two times.
std::vector<PathShift> shifts_between(const CriticalPath& before, const CriticalPath& after);

}  // namespace nsim::tool
