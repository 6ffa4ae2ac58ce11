// SPDX-License-Identifier: Apache-2.0
#include "tools/sweep/design.h"

#include <catch2/catch.hpp>
#include <set>

using namespace nsim;
using namespace nsim::tool;

namespace {

Design design(const std::string& text) {
  return design_of(parse_sweep_file(text, "s.toml"));
}

std::vector<std::string> keys(const Design& design) {
  std::vector<std::string> result;
  for (const Point& point : design.points) {
    std::string key;
    for (const AxisValue& value : point.values) {
      key += value.text + " ";
    }
    result.push_back(key);
  }
  return result;
}

}  // namespace

TEST_CASE("a grid has every combination, the last axis fastest, zipped axes as one") {
  CHECK(keys(design("[axes]\ndepth = [1, 2]\ncores = [1, 2]\n")) ==
        std::vector<std::string>{"1 1 ", "1 2 ", "2 1 ", "2 2 "});
  CHECK(keys(design("[axes]\ndepth = { values = [1, 2], zip = \"z\" }\nrequests = [5, 6]\n"
                    "cores = { values = [3, 4], zip = \"z\" }\n")) ==
        std::vector<std::string>{"1 5 3 ", "1 6 3 ", "2 5 4 ", "2 6 4 "});
}

TEST_CASE("conditions leave points out") {
  CHECK(keys(design("where = [\"depth >= cores\", \"depth != 3\"]\n[axes]\ndepth = [1, 2, 3]\n"
                    "cores = [1, 2]\n")) == std::vector<std::string>{"1 1 ", "2 1 ", "2 2 "});
  CHECK_THROWS_WITH(design("where = \"depth > 9\"\n[axes]\ndepth = [1]\n"),
                    Catch::Contains("no point meets"));
}

TEST_CASE("samples repeat with their seed and differ with another") {
  for (const std::string method : {"random", "latin_hypercube"}) {
    const auto sample = [&](int seed) {
      return keys(
          design("[axes]\ndepth = { from = 1, to = 1000 }\nhbm.latency = { from = \"50ns\", "
                 "to = \"500ns\", scale = \"log\" }\n[sample]\nmethod = \"" +
                 method + "\"\ncount = 20\nseed = " + std::to_string(seed) + "\n"));
    };
    CHECK(sample(1) == sample(1));
    CHECK(sample(1) != sample(2));
    CHECK(sample(1).size() == 20);
  }
}

TEST_CASE("a latin hypercube hits every stratum of every axis once") {
  const Design d = design(
      "[axes]\ndepth = { from = 1, to = 10 }\ncores = { from = 1, to = 10 }\n"
      "[sample]\nmethod = \"latin_hypercube\"\ncount = 10\n");
  for (const std::size_t axis : {0U, 1U}) {
    std::set<std::string> seen;
    for (const Point& point : d.points) {
      seen.insert(point.values[axis].text);
    }
    CHECK(seen.size() == 10);
  }
}

TEST_CASE("a random sample of too few points is refused") {
  CHECK_THROWS_WITH(design("[axes]\ndepth = [1, 2]\n[sample]\nmethod = \"random\"\ncount = 3\n"),
                    Catch::Contains("too few"));
}

TEST_CASE("one at a time starts from the base and moves one axis") {
  CHECK(keys(design("[axes]\ndepth = { values = [1, 2, 4], base = 2 }\ncores = [1, 2]\n[sample]\n"
                    "method = \"one_at_a_time\"\n")) ==
        std::vector<std::string>{"2 1 ", "1 1 ", "4 1 ", "2 2 "});
}

TEST_CASE("a saltelli design has count times (axes + 2) rows that name points once") {
  const Design d = design(
      "[axes]\ndepth = [1, 2]\ncores = [1, 2]\n[sample]\nmethod = \"saltelli\"\ncount = 16\n");
  CHECK(d.rows.size() == 16 * (2 + 2));
  CHECK(d.points.size() == 4);
  CHECK_THROWS_WITH(design("where = \"depth > 0\"\n[axes]\ndepth = [1, 2]\n[sample]\n"
                           "method = \"saltelli\"\ncount = 4\n"),
                    Catch::Contains("independent"));
}
