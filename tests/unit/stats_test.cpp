// SPDX-License-Identifier: Apache-2.0
#include "sim/base/stats.h"

#include <catch2/catch.hpp>

#include "sim/base/error.h"

using namespace nsim;

TEST_CASE("statistics keep their order, unit and description", "[stats]") {
  Stats stats;
  stats.add("b", 2, "ns", "second letter");
  stats.add("a", 1, "B", "first letter");
  REQUIRE(stats.all().size() == 2);
  CHECK(stats.all()[0].name == "b");
  CHECK(stats.all()[0].unit == "ns");
  CHECK(stats.all()[1].description == "first letter");
  CHECK(stats.value("a") == 1);
}

TEST_CASE("asking for a statistic that does not exist is our bug", "[stats]") {
  Stats stats;
  stats.add("a", 1, "1", "");
  CHECK(stats.has("a"));
  CHECK_FALSE(stats.has("aa"));
  CHECK_THROWS_AS(stats.value("aa"), InternalError);
}

TEST_CASE("scopes put the names of their modules in front", "[stats]") {
  Stats stats;
  StatsScope(stats).add("time", 1, "ns", "");
  StatsScope(stats, "nd0").scope("nc1").scope("tensor").add("busy", 2, "ns", "");
  CHECK(stats.value("time") == 1);
  CHECK(stats.value("nd0.nc1.tensor.busy") == 2);
}
