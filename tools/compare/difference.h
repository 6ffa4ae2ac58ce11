// SPDX-License-Identifier: Apache-2.0
// Two sets of results, field by field, and what of the time of a request explains the difference.
//
// How large a difference is: of a percentage, the points between the two as a fraction (35.1 % ->
// 36.1 %: 0.01); of every other number, the difference relative to the larger one.
#pragma once

#include <string>
#include <vector>

#include "tools/compare/result_set.h"

namespace nsim::tool {

struct Difference {
  std::string field;
  Amount before;
  Amount after;
  double size = 0;  // see above; 1 when only one side has the field
};

/// A part of the time of a request, in ns per execution and core.
struct TimeShift {
  double ns = 0;     // how much longer it takes
  std::string what;  // "vector tensor_copy: 32 of 533.3 ns -> 583.3 ns"
};

struct EntryDifference {
  std::string name;
  std::vector<Difference> fields;  // that differ, largest first
  std::vector<std::string> texts;  // "target: trn1 -> trn2"
  std::vector<TimeShift> work;     // what engines do, largest first
  std::vector<TimeShift> waits;    // what they wait for
  double largest() const { return fields.empty() ? 0 : fields.front().size; }
};

struct SetDifference {
  std::vector<EntryDifference> entries;  // that differ, largest first
  std::vector<std::string> only_before;
  std::vector<std::string> only_after;
  std::size_t compared = 0;  // entries
  bool within(double tolerance) const;
};

/// Throws UserError when the two cannot be compared: nothing stands on both sides.
SetDifference compare(const ResultSet& before, const ResultSet& after);

}  // namespace nsim::tool
