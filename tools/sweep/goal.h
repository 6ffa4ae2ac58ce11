// SPDX-License-Identifier: Apache-2.0
// A search over the axes of a sweep: "min time where hbm.cost <= 1.5".
//
// The method is differential evolution (Storn, Price 1997: rand/1/bin) on the unit cube of the
// dimensions, whose coordinates axes turn into their values, lists and whole numbers included.
// Constraints follow Deb's rules: what meets them beats what does not, of two that do not the
// smaller violation wins. Generations are evaluated as a whole, so that the result depends on the
// seed and not on how many points run at a time.
#pragma once

#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "tools/sweep/design.h"
#include "tools/sweep/expression.h"

namespace nsim::tool {

struct Goal {
  bool maximise = false;
  Expression objective;
  std::optional<Expression> condition;

  /// "min EXPRESSION [where EXPRESSION]", or max.
  static Goal parse(const std::string& text);
};

struct Candidate {
  Point point;
  double objective = std::numeric_limits<double>::infinity();  // to be minimised
  double violation = std::numeric_limits<double>::infinity();  // 0: meets the conditions

  bool beats(const Candidate& other) const;
};

struct SearchOptions {
  std::size_t budget = 200;  // different points that may be evaluated
  std::uint64_t seed = 1;
};

struct SearchResult {
  Candidate best;
  std::size_t evaluated = 0;
  std::size_t generations = 0;
};

/// `evaluate` fills objective and violation of all candidates; each different point comes once.
SearchResult search(const SweepFile& file, const SearchOptions& options,
                    const std::function<void(std::vector<Candidate>&)>& evaluate);

}  // namespace nsim::tool
