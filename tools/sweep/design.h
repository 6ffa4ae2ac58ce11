// SPDX-License-Identifier: Apache-2.0
// Which points a sweep has: every combination, a sample, or a design for a sensitivity analysis.
#pragma once

#include <vector>

#include "sim/base/random.h"
#include "tools/sweep/point.h"

namespace nsim::tool {

/// Zipped axes are one dimension of the sweep: these are the axes that move together.
using Dimension = std::vector<std::size_t>;
std::vector<Dimension> dimensions_of(const SweepFile& file);

/// The point at `fractions`, one in [0, 1) for every dimension.
Point point_at(const SweepFile& file, const std::vector<Dimension>& dimensions,
               const std::vector<double>& fractions);

/// Whether `point` meets all conditions of the file.
bool meets_conditions(const SweepFile& file, const Point& point);

struct Design {
  std::vector<Point> points;      // without repetitions, in their order
  std::vector<std::size_t> rows;  // the point of every row of the design, for those that repeat
};

/// Rows of a saltelli design of `count` rows and `k` dimensions: A, then B, then A with column i of
/// B for every i. Throws UserError when the file asks for what it cannot have (no points, more than
/// a million, conditions where axes must be independent).
Design design_of(const SweepFile& file);

/// A Latin hypercube: `count` rows, every column hits each of `count` strata once.
std::vector<std::vector<double>> latin_hypercube(RandomStream& random, std::size_t count,
                                                 std::size_t columns);

}  // namespace nsim::tool
