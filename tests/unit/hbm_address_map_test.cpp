// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/hbm_address_map.h"

#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <tuple>

#include "sim/base/random.h"

using namespace nsim;
using hw::HbmAddressMap;
using hw::HbmGeometry;

namespace {

// Pseudo-channels, burst, page, interleave, bank groups, banks.
const HbmGeometry kGeometries[] = {{16, 32, 1024, 256, 4, 32},
                                   {32, 32, 1024, 256, 4, 48},
                                   {32, 32, 1024, 1024, 4, 48},
                                   {4, 64, 512, 64, 3, 15},
                                   {1, 32, 1024, 256, 1, 1}};

/// Pseudo-channel, bank, row -> bursts.
using Bursts = std::map<std::tuple<std::int64_t, std::int64_t, std::int64_t>, std::int64_t>;

Bursts one_by_one(const HbmAddressMap& map, std::uint64_t offset, std::uint64_t bytes) {
  const auto burst = static_cast<std::uint64_t>(map.geometry().burst);
  Bursts found;
  for (std::uint64_t at = offset / burst * burst; at < offset + bytes; at += burst) {
    const HbmAddressMap::Row row = map.row(at);
    ++found[{map.pseudo_channel(at), row.bank, row.row}];
  }
  return found;
}

}  // namespace

TEST_CASE("row segments hold every burst of an access once, one segment per row of a bank") {
  RandomStream random(1, "segments");
  for (const HbmGeometry& geometry : kGeometries) {
    const HbmAddressMap map(geometry);
    for (int i = 0; i < 300; ++i) {
      const auto offset = static_cast<std::uint64_t>(random.next() % (1 << 26));
      const auto bytes = 1 + random.next() % (i % 2 == 0 ? 600 : 100000);
      Bursts found;
      bool once = true;
      map.visit(offset, bytes, [&](std::uint64_t channel, HbmAddressMap::Row row, auto bursts) {
        once =
            once && bursts > 0 &&
            found.insert({{static_cast<std::int64_t>(channel), row.bank, row.row}, bursts}).second;
      });
      CHECK(once);
      REQUIRE(found == one_by_one(map, offset, bytes));
    }
  }
}

TEST_CASE("a stripe has one chunk in each pseudo-channel, a super-row one page") {
  for (const HbmGeometry& g : kGeometries) {
    const HbmAddressMap map(g);
    const std::int64_t super_row = g.page * g.pseudo_channels;
    for (std::int64_t start = 0; start < 8 * super_row; start += super_row) {
      std::map<std::int64_t, std::int64_t> chunks;
      for (std::int64_t at = start; at < start + super_row; at += g.interleave) {
        const auto offset = static_cast<std::uint64_t>(at);
        ++chunks[map.pseudo_channel(offset)];
        CHECK(map.row(offset).bank == map.row(static_cast<std::uint64_t>(start)).bank);
      }
      REQUIRE(chunks.size() == static_cast<std::size_t>(g.pseudo_channels));
      for (const auto& [channel, count] : chunks) {
        CHECK(count == g.page / g.interleave);
      }
    }
  }
}

TEST_CASE("every bank comes once in as many super-rows as there are banks") {
  for (const HbmGeometry& g : kGeometries) {
    const HbmAddressMap map(g);
    for (std::int64_t row = 0; row < 50; ++row) {
      std::set<std::int64_t> banks;
      for (std::int64_t i = 0; i < g.banks; ++i) {
        const auto offset = (row * g.banks + i) * g.page * g.pseudo_channels;
        const HbmAddressMap::Row place = map.row(static_cast<std::uint64_t>(offset));
        CHECK(place.row == row);
        CHECK((place.bank >= 0 && place.bank < g.banks));
        banks.insert(place.bank);
      }
      CHECK(banks.size() == static_cast<std::size_t>(g.banks));
    }
  }
}

TEST_CASE("pieces at power-of-two distances spread over pseudo-channels and banks") {
  const HbmAddressMap map(kGeometries[1]);
  for (std::uint64_t distance = 4096; distance <= (1 << 24); distance *= 2) {
    std::map<std::int64_t, int> channels;
    std::map<std::int64_t, int> banks;
    for (std::uint64_t i = 0; i < 128; ++i) {
      ++channels[map.pseudo_channel(i * distance)];
      ++banks[map.row(i * distance).bank];
    }
    // An even share is 4 of 128 in a pseudo-channel; without hashing all would be in one.
    for (const auto& [channel, count] : channels) {
      CHECK(count <= 16);
    }
    CHECK(channels.size() >= 16);
    if (distance >= 32 * 1024) {
      CHECK(banks.size() >= 24);
    }
  }
}
