// SPDX-License-Identifier: Apache-2.0
// Addresses of tiles that are in use for a part of a program each. A range that became free is
// taken again as late as possible: the next tile goes behind the one before it, round and round, so
// that an engine that fills a tile does not wait for one that still reads the tile before. Whether
// it must wait is decided elsewhere (dependencies.h); here it is only made unlikely.
//
// Tiles that are in use while the others go round once would lie in their way wherever they are:
// they are placed first, at the lowest addresses that are free for them. When the tiles do not fit
// like that, nothing rotates: the largest are placed first, each at its lowest free address.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace nsim::isa {

/// A tile; both ends of its time belong to it.
struct RotatingTile {
  std::int64_t bytes = 0;
  std::int64_t first = 0;
  std::int64_t last = 0;
};

/// Where tiles may lie. They start at multiples of `grain` and take whole ones.
struct RotationSpace {
  std::int64_t begin = 0;  // a multiple of grain
  std::int64_t end = 0;
  std::int64_t grain = 1;
};

/// A range that belongs to something else for a time, whose ends belong to it. Never, when `last`
/// is before `first`.
struct TakenRange {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  std::int64_t first = 0;
  std::int64_t last = 0;
};

/// One address per tile, or nothing when they do not fit. `tiles` are in order of `first`.
std::optional<std::vector<std::int64_t>> rotate(const std::vector<RotatingTile>& tiles,
                                                const RotationSpace& space,
                                                const std::vector<TakenRange>& taken = {});

/// For tiles that do not fit behind what is `placed` already: in the largest gap that takes all of
/// them (programs with a stack and a heap use both ends), else wherever nothing is in use while
/// they are. Ranges that overlap are one, as what was written to one may be read from the other.
std::optional<std::vector<std::int64_t>> rotate_among(const std::vector<RotatingTile>& tiles,
                                                      const RotationSpace& space,
                                                      std::vector<TakenRange> placed);

/// The time at which the tiles need most, and how much that is, in whole grains.
struct RotationPeak {
  std::int64_t time = 0;
  std::int64_t bytes = 0;
};
RotationPeak peak_of(const std::vector<RotatingTile>& tiles, std::int64_t grain);

}  // namespace nsim::isa
