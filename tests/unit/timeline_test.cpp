// SPDX-License-Identifier: Apache-2.0
#include "sim/base/timeline.h"

#include <catch2/catch.hpp>

using namespace nsim;

TEST_CASE("a free resource serves at once", "[timeline]") {
  Timeline line;
  CHECK(line.reserve(100, 10) == 100);
  CHECK(line.free_at() == 110);
  CHECK(line.waited() == 0);
}

TEST_CASE("a reservation waits for the one before it", "[timeline]") {
  Timeline line;
  line.reserve(100, 10);
  CHECK(line.reserve(105, 20) == 110);
  CHECK(line.free_at() == 130);
  CHECK(line.busy() == 30);
  CHECK(line.waited() == 5);
}

TEST_CASE("a gap that was left is not filled later", "[timeline]") {
  Timeline line;
  line.reserve(100, 10);
  CHECK(line.reserve(0, 1) == 110);
  CHECK(line.waited() == 110);
}

TEST_CASE("a reservation of no length still waits its turn", "[timeline]") {
  Timeline line;
  line.reserve(0, 10);
  CHECK(line.reserve(5, 0) == 10);
  CHECK(line.free_at() == 10);
  CHECK(line.busy() == 10);
}
