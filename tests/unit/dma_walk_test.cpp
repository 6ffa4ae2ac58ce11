// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/dma_walk.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <utility>
#include <vector>

using namespace nsim;
using hw::DmaWalk;

namespace {

using Runs = std::vector<std::pair<std::uint64_t, std::int64_t>>;  // address, elements

Runs runs(DmaWalk walk, std::int64_t from = 0) {
  Runs all;
  walk.seek(from);
  for (std::int64_t left = walk.elements() - from; left > 0;) {
    all.emplace_back(walk.address(), walk.run());
    left -= walk.run();
    walk.advance(walk.run());
  }
  return all;
}

}  // namespace

TEST_CASE("A walk without dimensions is one element") {
  const DmaWalk walk(100, num::Dtype::Fp32);
  CHECK(walk.elements() == 1);
  CHECK(runs(walk) == Runs{{100, 1}});
}

TEST_CASE("Rows of a larger array are runs of their own") {
  DmaWalk walk(1000, num::Dtype::Bf16);
  walk.add(3, 200);
  walk.add(50, 2);
  CHECK(walk.elements() == 150);
  CHECK(runs(walk) == Runs{{1000, 50}, {1200, 50}, {1400, 50}});
}

TEST_CASE("Rows that lie one after the other are one run") {
  DmaWalk walk(0, num::Dtype::Bf16);
  walk.add(4, 800);
  walk.add(8, 100);
  walk.add(50, 2);
  CHECK(runs(walk) == Runs{{0, 1600}});
}

TEST_CASE("Strided elements are runs of one") {
  DmaWalk walk(0, num::Dtype::Fp32);
  walk.add(3, 8);
  CHECK(runs(walk) == Runs{{0, 1}, {8, 1}, {16, 1}});
}

TEST_CASE("Elements that are read again and again stay where they are") {
  DmaWalk walk(64, num::Dtype::Fp32);
  walk.add(2, 0);
  walk.add(4, 4);
  CHECK(runs(walk) == Runs{{64, 4}, {64, 4}});
}

TEST_CASE("Walking on gives the same addresses as seeking") {
  DmaWalk walk(4096, num::Dtype::Bf16);
  walk.add(3, 10000);
  walk.add(2, -64);
  walk.add(4, 200);
  walk.add(5, 2);
  DmaWalk other = walk;
  walk.seek(0);
  for (std::int64_t i = 0; i < walk.elements(); ++i) {
    other.seek(i);
    REQUIRE(walk.address() == other.address());
    REQUIRE(walk.run() == other.run());
    walk.advance(1);
  }
}
