// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/vector_clocks.h"

#include <algorithm>
#include <catch2/catch.hpp>

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
