// SPDX-License-Identifier: Apache-2.0
#include "tools/sweep/goal.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <set>

using namespace nsim;
using namespace nsim::tool;

namespace {

SweepFile space() {
  return parse_sweep_file(
      "[axes]\ndepth = { from = 1, to = 100 }\nrequests = { from = 1, to = 100 }\n"
      "cores = [1, 2, 4, 8]\n",
      "s.toml");
}

struct Found {
  SearchResult result;
  std::vector<std::string> order;
};

/// Minimises (depth - 37)^2 + (requests - 61)^2 + cores where depth + requests <= 80.
Found run(const SweepFile& file, std::uint64_t seed, std::size_t budget) {
  Found found;
  std::set<std::string> seen;
  found.result = search(file, {budget, seed}, [&](std::vector<Candidate>& candidates) {
    for (Candidate& candidate : candidates) {
      REQUIRE(seen.insert(candidate.point.key()).second);
      found.order.push_back(candidate.point.key());
      const double d = candidate.point.values[0].value.number;
      const double r = candidate.point.values[1].value.number;
      candidate.objective =
          (d - 37) * (d - 37) + (r - 61) * (r - 61) + candidate.point.values[2].value.number;
      candidate.violation = std::max(0.0, d + r - 80);
    }
  });
  return found;
}

}  // namespace

TEST_CASE("a search comes near the optimum on the edge of what is allowed") {
  const SweepFile file = space();
  const Found found = run(file, 1, 800);
  const auto& values = found.result.best.point.values;
  CHECK(found.result.best.violation == 0);
  CHECK(values[0].value.number + values[1].value.number <= 80);
  // The optimum is (28, 52, 1): 81 + 81 + 1.
  CHECK(found.result.best.objective <= 163 * 1.05);
}

TEST_CASE("a search repeats with its seed, keeps its budget, and asks nothing twice") {
  const SweepFile file = space();
  CHECK(run(file, 3, 100).order == run(file, 3, 100).order);
  CHECK(run(file, 3, 100).order != run(file, 4, 100).order);
  CHECK(run(file, 3, 100).result.evaluated == 100);
}

TEST_CASE("a search of a small space ends") {
  const SweepFile file = parse_sweep_file("[axes]\ndepth = [1, 2, 3]\n", "s.toml");
  const SearchResult result = search(file, {1000, 1}, [](std::vector<Candidate>& candidates) {
    for (Candidate& candidate : candidates) {
      candidate.objective = candidate.point.values[0].value.number;
      candidate.violation = 0;
    }
  });
  CHECK(result.evaluated == 3);
  CHECK(result.best.objective == 1);
}

TEST_CASE("goals are read, and refused with their place") {
  const Goal goal = Goal::parse("max time / 2 where cost <= 1.5");
  CHECK(goal.maximise);
  CHECK(goal.objective.text() == "time / 2");
  CHECK(goal.condition->text() == "cost <= 1.5");
  CHECK_FALSE(Goal::parse("min time").condition);
  CHECK_THROWS_WITH(Goal::parse("time"), Catch::Contains("min EXPRESSION"));
  CHECK_THROWS_WITH(Goal::parse("min time where"),
                    Catch::Contains("a condition is missing behind 'where'"));
}
