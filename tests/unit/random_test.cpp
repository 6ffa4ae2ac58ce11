// SPDX-License-Identifier: Apache-2.0
#include "sim/base/random.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <set>
#include <vector>

#include "sim/base/error.h"

using namespace nsim;

namespace {

std::vector<std::uint64_t> draws(std::uint64_t seed, const char* name, int count) {
  RandomStream random(seed, name);
  std::vector<std::uint64_t> result;
  for (int i = 0; i < count; ++i) {
    result.push_back(random.next());
  }
  return result;
}

}  // namespace

TEST_CASE("the same seed and name give the same numbers on every machine", "[random]") {
  CHECK(draws(42, "faults", 3) ==
        std::vector<std::uint64_t>{0x08f66d84ae5341f6u, 0xf257552d4adb3c86u, 0xf818df2db1840cacu});
  CHECK(draws(42, "faults", 100) == draws(42, "faults", 100));
}

TEST_CASE("another seed or another name gives unrelated numbers", "[random]") {
  std::set<std::uint64_t> first;
  for (const std::uint64_t seed : {0u, 1u, 2u, 3u}) {
    for (const char* name : {"", "a", "b", "ab", "ba"}) {
      first.insert(draws(seed, name, 1)[0]);
    }
  }
  CHECK(first.size() == 20);
}

TEST_CASE("uniform numbers fill the range from 0 to 1 evenly", "[random]") {
  RandomStream random(1, "uniform");
  constexpr int kDraws = 20000;
  std::vector<int> buckets(10);
  for (int i = 0; i < kDraws; ++i) {
    const double value = random.uniform();
    REQUIRE(value >= 0.0);
    REQUIRE(value < 1.0);
    ++buckets[static_cast<std::size_t>(value * 10)];
  }
  for (const int count : buckets) {
    CHECK(std::abs(count - kDraws / 10) < 200);  // 4.7 standard deviations
  }
}

TEST_CASE("normal numbers have mean 0, variance 1 and the right tails", "[random]") {
  RandomStream random(1, "normal");
  constexpr int kDraws = 20000;
  double sum = 0;
  double squares = 0;
  int beyond_two = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double value = random.normal();
    sum += value;
    squares += value * value;
    beyond_two += std::abs(value) > 2 ? 1 : 0;
  }
  CHECK(sum / kDraws == Approx(0).margin(0.03));
  CHECK(squares / kDraws == Approx(1).margin(0.05));
  CHECK(beyond_two / double{kDraws} == Approx(0.0455).margin(0.006));
}

TEST_CASE("numbers below a bound reach every value and never the bound", "[random]") {
  RandomStream random(1, "below");
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 500; ++i) {
    seen.insert(random.below(7));
  }
  CHECK(seen.size() == 7);
  CHECK(*seen.rbegin() == 6);
  CHECK(random.below(1) == 0);
  CHECK_THROWS_AS(random.below(0), InternalError);
}
