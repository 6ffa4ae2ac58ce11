// SPDX-License-Identifier: Apache-2.0
#include "tools/sweep/analysis.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "sim/base/random.h"

namespace nsim::tool {
namespace {

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double variance_of(const std::vector<double>& values) {
  const double mean = mean_of(values);
  double sum = 0;
  for (const double value : values) {
    sum += (value - mean) * (value - mean);
  }
  return sum / static_cast<double>(values.size());
}

bool dominates(const std::vector<double>& a, const std::vector<double>& b) {
  bool better = false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] > b[i]) {
      return false;
    }
    better = better || a[i] < b[i];
  }
  return better;
}

/// Indices of one dimension from the base rows in `rows`, which may repeat.
Influence estimate(const std::vector<double>& outputs, std::size_t count, std::size_t dimension,
                   const std::vector<std::size_t>& rows) {
  std::vector<double> both;
  double first = 0;
  double total = 0;
  for (const std::size_t row : rows) {
    const double a = outputs[row];
    const double b = outputs[count + row];
    const double mixed = outputs[(2 + dimension) * count + row];
    both.push_back(a);
    both.push_back(b);
    first += b * (mixed - a);
    total += (a - mixed) * (a - mixed) / 2;
  }
  const double scale = static_cast<double>(rows.size()) * variance_of(both);
  return scale > 0 ? Influence{first / scale, total / scale, 0, 0} : Influence{};
}

/// Half the distance between the 2.5 % and the 97.5 % quantile.
double half_interval(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const auto last = static_cast<double>(values.size() - 1);
  return (values[static_cast<std::size_t>(0.975 * last)] -
          values[static_cast<std::size_t>(0.025 * last)]) /
         2;
}

/// The variance of the means of groups with the same key.
template <class Key>
double variance_between(const std::vector<double>& outputs, const Key& key_of) {
  std::map<std::vector<std::size_t>, std::pair<double, double>> groups;  // sum, count
  for (std::size_t row = 0; row < outputs.size(); ++row) {
    auto& [sum, count] = groups[key_of(row)];
    sum += outputs[row];
    count += 1;
  }
  const double mean = mean_of(outputs);
  double variance = 0;
  for (const auto& [key, group] : groups) {
    const double off = group.first / group.second - mean;
    variance += off * off * group.second;
  }
  return variance / static_cast<double>(outputs.size());
}

}  // namespace

std::vector<std::size_t> pareto_front(const std::vector<std::vector<double>>& rows) {
  std::vector<std::size_t> order(rows.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&rows](std::size_t a, std::size_t b) { return rows[a] < rows[b]; });
  std::vector<std::size_t> front;
  for (const std::size_t candidate : order) {  // only rows before it can dominate it
    const bool beaten = std::any_of(front.begin(), front.end(), [&](std::size_t other) {
      return dominates(rows[other], rows[candidate]);
    });
    if (!beaten) {
      front.push_back(candidate);
    }
  }
  return front;
}

std::vector<Influence> sobol_indices(const std::vector<double>& outputs, std::size_t dimensions,
                                     std::uint64_t seed, int resamples) {
  const std::size_t count = outputs.size() / (dimensions + 2);
  // The estimator of the first order has less noise for outputs around zero.
  std::vector<double> centred = outputs;
  const double mean = mean_of(outputs);
  for (double& output : centred) {
    output -= mean;
  }
  std::vector<std::size_t> all(count);
  std::iota(all.begin(), all.end(), std::size_t{0});
  std::vector<Influence> result;
  for (std::size_t dimension = 0; dimension < dimensions; ++dimension) {
    Influence influence = estimate(centred, count, dimension, all);
    RandomStream random(seed, "bootstrap");
    std::vector<double> firsts;
    std::vector<double> totals;
    for (int i = 0; i < resamples; ++i) {
      std::vector<std::size_t> rows(count);
      for (std::size_t& row : rows) {
        row = random.below(count);
      }
      const Influence drawn = estimate(centred, count, dimension, rows);
      firsts.push_back(drawn.first);
      totals.push_back(drawn.total);
    }
    if (resamples > 1) {
      influence.first_error = half_interval(std::move(firsts));
      influence.total_error = half_interval(std::move(totals));
    }
    result.push_back(influence);
  }
  return result;
}

std::vector<Influence> grid_indices(const std::vector<std::vector<std::size_t>>& levels,
                                    const std::vector<double>& outputs) {
  const double variance = variance_of(outputs);
  std::vector<Influence> result(levels.empty() ? 0 : levels.front().size());
  for (std::size_t dimension = 0; variance > 0 && dimension < result.size(); ++dimension) {
    const double alone = variance_between(
        outputs, [&](std::size_t row) { return std::vector<std::size_t>{levels[row][dimension]}; });
    const double others = variance_between(outputs, [&](std::size_t row) {
      std::vector<std::size_t> key = levels[row];
      key[dimension] = 0;
      return key;
    });
    result[dimension] = {alone / variance, 1 - others / variance, 0, 0};
  }
  return result;
}

}  // namespace nsim::tool
