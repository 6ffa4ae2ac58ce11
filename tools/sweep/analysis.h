// SPDX-License-Identifier: Apache-2.0
// What the points of a sweep say together: fronts, and which axis moves an objective how much.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace nsim::tool {

/// Indices of the rows that no other dominates (as good everywhere, better somewhere), all
/// objectives being minimised, in the order of the first objective.
std::vector<std::size_t> pareto_front(const std::vector<std::vector<double>>& rows);

/// One axis (or zipped axes) and its influence.
struct Influence {
  double first = 0;        // share of the variance that it explains alone
  double total = 0;        // with all its interactions
  double first_error = 0;  // half of the 95 % interval; 0 where the method is exact
  double total_error = 0;
};

/// Sobol indices from a saltelli design (rows A, B, then A with column i of B): the estimators of
/// Saltelli 2010 for the first order and of Jansen for the total. Intervals by `resamples`
/// bootstrap draws from `seed`.
std::vector<Influence> sobol_indices(const std::vector<double>& outputs, std::size_t dimensions,
                                     std::uint64_t seed, int resamples = 500);

/// The same, exactly, from every combination of a grid: `levels[row][dimension]` tells the value.
std::vector<Influence> grid_indices(const std::vector<std::vector<std::size_t>>& levels,
                                    const std::vector<double>& outputs);

}  // namespace nsim::tool
