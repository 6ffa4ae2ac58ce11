// SPDX-License-Identifier: Apache-2.0
#include "tools/sweep/analysis.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "tools/sweep/design.h"

using namespace nsim;
using namespace nsim::tool;

TEST_CASE("a Pareto front keeps what nothing beats, alike points too") {
  CHECK(pareto_front({{1, 5}, {2, 2}, {3, 3}, {5, 1}, {2, 2}, {1, 6}}) ==
        std::vector<std::size_t>{0, 1, 4, 3});
  CHECK(pareto_front({}).empty());
}

TEST_CASE("grid indices are the exact shares of variance") {
  // f = 3 x + y on {-1, 1}^2: shares 9/10 and 1/10. With + 2 x y: 4/14 is the interaction.
  std::vector<std::vector<std::size_t>> levels;
  std::vector<double> plain;
  std::vector<double> mixed;
  for (const int x : {-1, 1}) {
    for (const int y : {-1, 1}) {
      levels.push_back({x > 0 ? 1U : 0U, y > 0 ? 1U : 0U});
      plain.push_back(3 * x + y);
      mixed.push_back(3 * x + y + 2 * x * y);
    }
  }
  const auto a = grid_indices(levels, plain);
  CHECK(a[0].first == Approx(0.9));
  CHECK(a[1].total == Approx(0.1));
  const auto b = grid_indices(levels, mixed);
  CHECK(b[0].first == Approx(9.0 / 14));
  CHECK(b[0].total == Approx(13.0 / 14));
}

TEST_CASE("Sobol indices meet the published ones of Ishigami's function, and repeat") {
  // f = sin x + 7 sin^2 y + 0.1 z^4 sin x on [-pi, pi]^3: S = 0.314, 0.442, 0; ST = 0.558, 0.442,
  // 0.244.
  const std::size_t n = 4096;
  RandomStream random(5, "test");
  const auto a = latin_hypercube(random, n, 3);
  const auto b = latin_hypercube(random, n, 3);
  const auto f = [](const std::vector<double>& u) {
    double x[3];
    for (int i = 0; i < 3; ++i) {
      x[i] = M_PI * (2 * u[static_cast<std::size_t>(i)] - 1);
    }
    return std::sin(x[0]) + 7 * std::pow(std::sin(x[1]), 2) +
           0.1 * std::pow(x[2], 4) * std::sin(x[0]);
  };
  std::vector<double> outputs;
  for (const auto& row : a) {
    outputs.push_back(f(row));
  }
  for (const auto& row : b) {
    outputs.push_back(f(row));
  }
  for (std::size_t i = 0; i < 3; ++i) {
    auto mixed = a;
    for (std::size_t row = 0; row < n; ++row) {
      mixed[row][i] = b[row][i];
      outputs.push_back(f(mixed[row]));
    }
  }
  const auto indices = sobol_indices(outputs, 3, 1, 100);
  const double first[] = {0.314, 0.442, 0};
  const double total[] = {0.558, 0.442, 0.244};
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(indices[i].first == Approx(first[i]).margin(0.05));
    CHECK(indices[i].total == Approx(total[i]).margin(0.05));
    CHECK(indices[i].total_error > 0);
    CHECK(indices[i].total_error < 0.1);
  }
  CHECK(sobol_indices(outputs, 3, 1, 100)[0].first_error == indices[0].first_error);
}
