// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/vector_clocks.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <vector>

using namespace nsim::isa;

TEST_CASE("a copied clock starts equal and goes its own way, and no clock moves") {
  constexpr int kActors = 3;
  VectorClocks clocks(kActors);
  const std::uint32_t* const zero = clocks[0];
  CHECK(std::count(zero, zero + kActors, 0U) == kActors);
  std::uint32_t last = 0;
  for (std::uint32_t i = 1; i <= 5000; ++i) {
    last = clocks.copy(last);
    REQUIRE(last == i);
    clocks[last][i % kActors] = i;
  }
  CHECK(clocks[0] == zero);
  for (std::uint32_t i = 1; i <= 5000; ++i) {
    for (std::uint32_t actor = 0; actor < kActors; ++actor) {
      const std::uint32_t back = (i + kActors - actor) % kActors;  // turns since it was set
      REQUIRE(clocks[i][actor] == (i > back ? i - back : 0));
    }
  }
}

TEST_CASE("clocks that are not kept are given out again, the others stay as they are") {
  VectorClocks clocks(2);
  for (std::uint32_t i = 1; i <= 3000; ++i) {
    clocks[clocks.copy(0)][1] = i;
  }
  std::vector<bool> live(clocks.size());
  for (std::uint32_t i = 0; i < clocks.size(); i += 3) {
    live[i] = true;
  }
  clocks.keep(live);
  CHECK(clocks.used() == 1001);
  std::set<std::uint32_t> given;
  for (int i = 0; i < 2000; ++i) {
    given.insert(clocks.copy(0));
  }
  CHECK(given.size() == 2000);
  CHECK(clocks.size() == 3001);
  for (std::uint32_t i = 0; i < clocks.size(); ++i) {
    REQUIRE(clocks[i][1] == (live[i] ? i : 0));
    REQUIRE(given.count(i) == (live[i] ? 0 : 1));
  }
}
