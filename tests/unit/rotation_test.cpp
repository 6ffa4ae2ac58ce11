// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/rotation.h"

#include <catch2/catch.hpp>
#include <random>

using namespace nsim::isa;

namespace {

using Addresses = std::vector<std::int64_t>;

bool disjoint(const std::vector<RotatingTile>& tiles, const Addresses& at,
              const RotationSpace& space) {
  for (std::size_t i = 0; i < tiles.size(); ++i) {
    if (at[i] % space.grain != 0 || at[i] < space.begin || at[i] + tiles[i].bytes > space.end) {
      return false;
    }
    for (std::size_t j = 0; j < i; ++j) {
      const bool in_time = tiles[j].first <= tiles[i].last && tiles[i].first <= tiles[j].last;
      const bool in_space = at[j] < at[i] + tiles[i].bytes && at[i] < at[j] + tiles[j].bytes;
      if (in_time && in_space) {
        return false;
      }
    }
  }
  return true;
}

}  // namespace

TEST_CASE("tiles that follow each other go round the whole space before one is used again") {
  std::vector<RotatingTile> tiles;
  for (std::int64_t i = 0; i < 6; ++i) {
    tiles.push_back({60, i, i});
  }
  CHECK(rotate(tiles, {64, 64 + 4 * 64, 64}) == Addresses{64, 128, 192, 256, 64, 128});
}

TEST_CASE("a tile that stays while the others go round lies at the low end, out of their way") {
  std::vector<RotatingTile> tiles;
  for (std::int64_t i = 0; i < 9; ++i) {
    tiles.push_back({64, i, i == 2 ? 8 : i});
  }
  CHECK(rotate(tiles, {0, 4 * 64, 64}) == Addresses{0, 64, 0, 128, 192, 64, 128, 192, 64});
}

TEST_CASE("when going round leaves gaps that are too small, the largest tiles are placed first") {
  // Round: 0 and 64 stay in use, so that 128 to 192 is all that is left for 128 bytes.
  const std::vector<RotatingTile> tiles{{64, 0, 0}, {64, 1, 3}, {128, 2, 3}};
  const auto at = rotate(tiles, {0, 192, 64});
  REQUIRE(at);
  CHECK(disjoint(tiles, *at, {0, 192, 64}));
}

TEST_CASE("tiles keep clear of ranges that are taken while they are in use") {
  const std::vector<RotatingTile> tiles{{64, 0, 1}, {64, 2, 2}, {64, 3, 3}, {128, 4, 4}};
  const std::vector<TakenRange> taken{{0, 64, 1, 3}, {128, 192, 0, 3}};
  CHECK(rotate(tiles, {0, 192, 64}, taken) == Addresses{64, 64, 64, 0});
  CHECK_FALSE(rotate({{128, 3, 4}}, {0, 192, 64}, taken));
}

TEST_CASE("tiles that need more than there is at one time do not fit") {
  CHECK_FALSE(rotate({{64, 0, 1}, {65, 1, 1}}, {0, 128, 64}));
  CHECK(rotate({{64, 0, 0}, {65, 1, 1}}, {0, 128, 64}));
  CHECK(rotate({}, {0, 0, 64}) == Addresses{});
}

TEST_CASE("the peak is the largest sum of whole grains in use at a time") {
  const RotationPeak peak = peak_of({{64, 0, 1}, {65, 1, 2}, {1, 3, 3}}, 64);
  CHECK(peak.time == 1);
  CHECK(peak.bytes == 3 * 64);
}

TEST_CASE("tiles in use at the same time never overlap") {
  std::mt19937 random(7);
  const auto draw = [&](std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(random() % static_cast<std::uint32_t>(high - low + 1));
  };
  int fitting = 0;
  for (int round = 0; round < 200; ++round) {
    std::vector<RotatingTile> tiles;
    std::int64_t now = 0;
    for (int i = 0; i < 60; ++i) {
      now += draw(0, 2);
      tiles.push_back({draw(1, 400), now, now + (draw(0, 9) == 0 ? draw(20, 80) : draw(0, 6))});
    }
    const RotationSpace space{128, 128 + 64 * draw(20, 60), 64};
    if (const auto at = rotate(tiles, space)) {
      ++fitting;
      CHECK(disjoint(tiles, *at, space));
    } else {
      CHECK(2 * peak_of(tiles, 64).bytes > space.end - space.begin);
    }
  }
  CHECK(fitting > 50);
}
