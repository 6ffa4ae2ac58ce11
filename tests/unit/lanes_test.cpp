// SPDX-License-Identifier: Apache-2.0
#include "sim/numerics/lanes.h"

#include <catch2/catch.hpp>
#include <memory>
#include <set>

#include "tests/support/tile.h"

using namespace nsim::num;
using nsim::num::test::immediate;
using nsim::num::test::Tile;

namespace {

/// xorwow as it is published, one variable per word.
struct Xorwow {
  std::uint32_t x, y, z, w, v, d;
  std::uint32_t next() {
    const std::uint32_t t = x ^ (x >> 2);
    x = y;
    y = z;
    z = w;
    w = v;
    v = (v ^ (v << 4)) ^ (t ^ (t << 1));
    return (d += 362437) + v;
  }
};

}  // namespace

TEST_CASE("a lane draws from its four generators in turn") {
  LaneRandom random;
  random.seed(7);
  const LaneRandom::State start = random.state();
  Xorwow reference[4];
  for (std::size_t i = 0; i < 4; ++i) {
    const std::uint32_t* word = &start[6 * i];
    reference[i] = {word[0], word[1], word[2], word[3], word[4], word[5]};
  }
  for (int i = 0; i < 20; ++i) {
    CHECK(random.next() == reference[i % 4].next());
  }
}

TEST_CASE("equal seeds give equal numbers, but not in two partitions") {
  const auto first = std::make_unique<Lanes>();
  const auto second = std::make_unique<Lanes>();
  Tile seed(Dtype::Uint32, 4, 1), a(Dtype::Uint32, 4, 8), b(Dtype::Uint32, 4, 8);
  seed.set({42});
  set_rng_seed(*first, 0, seed.view());
  set_rng_seed(*second, 0, seed.view());
  rng(*first, 0, a.view());
  rng(*second, 0, b.view());
  CHECK(a.values() == b.values());
  CHECK(std::set<float>{a.get(0, 0), a.get(1, 0), a.get(2, 0), a.get(3, 0)}.size() == 4);
  rng(*first, 0, a.view());
  CHECK(a.values() != b.values());
}

TEST_CASE("lanes start as if seeded with zero") {
  const auto fresh = std::make_unique<Lanes>();
  const auto seeded = std::make_unique<Lanes>();
  Tile zero(Dtype::Uint32, 128, 1), a(Dtype::Uint32, 128, 4), b(Dtype::Uint32, 128, 4);
  set_rng_seed(*seeded, 0, zero.set({0}).view());
  rng(*fresh, 0, a.view());
  rng(*seeded, 0, b.view());
  CHECK(a.values() == b.values());
  CHECK(a.get(0, 0) != a.get(1, 0));
}

TEST_CASE("a state that is taken and put back repeats the numbers") {
  const auto lanes = std::make_unique<Lanes>();
  Tile state(Dtype::Uint32, 2, 24), a(Dtype::Uint32, 2, 9), b(Dtype::Uint32, 2, 9);
  rand_get_state(*lanes, 32, state.view());
  rng(*lanes, 32, a.view());
  rand_set_state(*lanes, 32, state.view());
  rng(*lanes, 32, b.view());
  for (std::int64_t p = 0; p < 2; ++p) {
    for (std::int64_t i = 0; i < 9; ++i) {
      CHECK(a.raw<std::uint32_t>(p, i) == b.raw<std::uint32_t>(p, i));
    }
  }
}

TEST_CASE("uniform numbers stay within their bounds and spread over them") {
  const auto lanes = std::make_unique<Lanes>();
  Tile out(Dtype::Fp32, 1, 4000);
  rand2(*lanes, 5, out.view(), immediate(-2), immediate(6));
  double sum = 0;
  for (const float x : out.values()) {
    REQUIRE(x >= -2);
    REQUIRE(x < 6);
    sum += x;
  }
  CHECK(sum / 4000 == Approx(2).margin(0.2));
}

TEST_CASE("dropout sets its share to zero and leaves the rest as it was") {
  const auto lanes = std::make_unique<Lanes>();
  Tile data(Dtype::Bf16, 1, 4000), out(Dtype::Bf16, 1, 4000);
  data.set({3});
  dropout(*lanes, 0, out.view(), data.view(), immediate(0.25F));
  int dropped = 0;
  for (const float x : out.values()) {
    REQUIRE((x == 0 || x == 3));
    dropped += x == 0 ? 1 : 0;
  }
  CHECK(dropped / 4000.0 == Approx(0.25).margin(0.03));
  dropout(*lanes, 0, out.view(), data.view(), immediate(0));
  CHECK(out.values() == data.values());
}
