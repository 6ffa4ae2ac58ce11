// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/rotation.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <queue>
#include <utility>

namespace nsim::isa {
namespace {

/// So many tiles are tried by size; more would take long for a program that hardly fits anyway.
constexpr std::size_t kMostBySize = 8192;

bool meet(const TakenRange& placed, const RotatingTile& tile) {
  return placed.first <= tile.last && tile.first <= placed.last;
}

std::int64_t in_grains(std::int64_t bytes, std::int64_t grain) {
  return (bytes + grain - 1) / grain * grain;
}

/// The lowest free address for `tile` among `placed`.
std::optional<std::int64_t> lowest(const std::vector<TakenRange>& placed, const RotatingTile& tile,
                                   const RotationSpace& space) {
  std::vector<std::pair<std::int64_t, std::int64_t>> taken;
  for (const TakenRange& each : placed) {
    if (meet(each, tile)) {
      taken.emplace_back(each.begin, each.end);
    }
  }
  std::sort(taken.begin(), taken.end());
  std::int64_t at = space.begin;
  for (const auto& [begin, end] : taken) {
    if (at + tile.bytes <= begin) {
      break;
    }
    at = std::max(at, end);
  }
  return at + tile.bytes <= space.end ? std::optional(at) : std::nullopt;
}

class Rotation {
 public:
  Rotation(const std::vector<RotatingTile>& tiles, const RotationSpace& space,
           const std::vector<TakenRange>& taken)
      : space_(space), address_(tiles.size()), staying_(taken), cursor_(space.begin) {
    tiles_.reserve(tiles.size());
    for (const RotatingTile& each : tiles) {
      tiles_.push_back({in_grains(each.bytes, space.grain), each.first, each.last});
    }
  }

  bool round() {
    const std::vector<bool> stays = staying();
    for (std::size_t i = 0; i < tiles_.size(); ++i) {
      if (stays[i] && !place_lowest(i)) {
        return false;
      }
    }
    for (std::size_t i = 0; i < tiles_.size(); ++i) {
      if (!stays[i] && !place_behind(i)) {
        return false;
      }
    }
    return true;
  }

  bool by_size() {
    if (tiles_.size() > kMostBySize) {
      return false;
    }
    std::vector<std::size_t> order(tiles_.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return tiles_[a].bytes > tiles_[b].bytes;
    });
    return std::all_of(order.begin(), order.end(), [&](std::size_t i) { return place_lowest(i); });
  }

  std::vector<std::int64_t> take() { return std::move(address_); }

 private:
  /// Tiles during whose time the others need all of the space.
  std::vector<bool> staying() const {
    std::vector<std::int64_t> sum{0};
    for (const RotatingTile& each : tiles_) {
      sum.push_back(sum.back() + each.bytes);
    }
    std::vector<bool> result;
    for (std::size_t i = 0; i < tiles_.size(); ++i) {
      const auto after = std::upper_bound(
          tiles_.begin(), tiles_.end(), tiles_[i].last,
          [](std::int64_t time, const RotatingTile& tile) { return time < tile.first; });
      const auto end = static_cast<std::size_t>(after - tiles_.begin());
      result.push_back(sum[end] - sum[i] >= space_.end - space_.begin);
    }
    return result;
  }

  bool place_lowest(std::size_t i) {
    const auto at = lowest(staying_, tiles_[i], space_);
    if (at) {
      address_[i] = *at;
      staying_.push_back({*at, *at + tiles_[i].bytes, tiles_[i].first, tiles_[i].last});
    }
    return at.has_value();
  }

  bool place_behind(std::size_t i) {
    const RotatingTile& tile = tiles_[i];
    forget_before(tile.first);
    auto at = free_from(cursor_, tile);
    if (!at) {
      at = free_from(space_.begin, tile);
    }
    if (!at) {
      return false;
    }
    address_[i] = *at;
    cursor_ = *at + tile.bytes;
    passing_[*at] = cursor_;
    ends_.emplace(tile.last, *at);
    return true;
  }

  void forget_before(std::int64_t time) {
    while (!ends_.empty() && ends_.top().first < time) {
      passing_.erase(ends_.top().second);
      ends_.pop();
    }
    staying_.erase(std::remove_if(staying_.begin(), staying_.end(),
                                  [&](const TakenRange& each) { return each.last < time; }),
                   staying_.end());
  }

  std::optional<std::int64_t> free_from(std::int64_t at, const RotatingTile& tile) const {
    while (at + tile.bytes <= space_.end) {
      const std::int64_t behind = behind_what_is_at(at, tile);
      if (behind == at) {
        return at;
      }
      at = behind;
    }
    return std::nullopt;
  }

  /// `at` itself when the tile may lie there.
  std::int64_t behind_what_is_at(std::int64_t at, const RotatingTile& tile) const {
    const auto next = passing_.lower_bound(at + tile.bytes);
    if (next != passing_.begin() && std::prev(next)->second > at) {
      return std::prev(next)->second;
    }
    for (const TakenRange& each : staying_) {
      if (each.begin < at + tile.bytes && at < each.end && meet(each, tile)) {
        return each.end;
      }
    }
    return at;
  }

  using End = std::pair<std::int64_t, std::int64_t>;  // last time, address

  RotationSpace space_;
  std::vector<RotatingTile> tiles_;
  std::vector<std::int64_t> address_;
  std::vector<TakenRange> staying_;
  std::map<std::int64_t, std::int64_t> passing_;  // begin to end, of rotating tiles in use now
  std::priority_queue<End, std::vector<End>, std::greater<>> ends_;
  std::int64_t cursor_;
};

/// The gaps between ranges in order of their begin, the largest first.
std::vector<RotationSpace> gaps_of(const std::vector<TakenRange>& placed, std::int64_t grain) {
  std::vector<RotationSpace> gaps;
  std::int64_t end = 0;
  for (const TakenRange& each : placed) {
    if (in_grains(end, grain) < each.begin) {
      gaps.push_back({in_grains(end, grain), each.begin, grain});
    }
    end = std::max(end, each.end);
  }
  std::stable_sort(gaps.begin(), gaps.end(), [](const RotationSpace& a, const RotationSpace& b) {
    return a.end - a.begin > b.end - b.begin;
  });
  return gaps;
}

/// Ranges in order of their begin, in whole grains; those that overlap and are in use have become
/// one.
std::vector<TakenRange> joined(const std::vector<TakenRange>& placed, std::int64_t grain) {
  std::vector<TakenRange> taken;
  for (const TakenRange& each : placed) {
    if (each.first > each.last) {
      continue;
    }
    if (taken.empty() || taken.back().end <= each.begin) {
      taken.push_back(each);
      continue;
    }
    TakenRange& one = taken.back();
    one = {one.begin, std::max(one.end, each.end), std::min(one.first, each.first),
           std::max(one.last, each.last)};
  }
  for (TakenRange& each : taken) {
    each.begin = each.begin / grain * grain;
    each.end = in_grains(each.end, grain);
  }
  return taken;
}

}  // namespace

std::optional<std::vector<std::int64_t>> rotate(const std::vector<RotatingTile>& tiles,
                                                const RotationSpace& space,
                                                const std::vector<TakenRange>& taken) {
  Rotation rotation(tiles, space, taken);
  if (rotation.round()) {
    return rotation.take();
  }
  Rotation packed(tiles, space, taken);
  return packed.by_size() ? std::optional(packed.take()) : std::nullopt;
}

std::optional<std::vector<std::int64_t>> rotate_among(const std::vector<RotatingTile>& tiles,
                                                      const RotationSpace& space,
                                                      std::vector<TakenRange> placed) {
  std::sort(placed.begin(), placed.end(),
            [](const TakenRange& a, const TakenRange& b) { return a.begin < b.begin; });
  for (const RotationSpace& gap : gaps_of(placed, space.grain)) {
    if (auto found = rotate(tiles, gap)) {
      return found;
    }
  }
  return rotate(tiles, space, joined(placed, space.grain));
}

RotationPeak peak_of(const std::vector<RotatingTile>& tiles, std::int64_t grain) {
  std::map<std::int64_t, std::int64_t> change;
  for (const RotatingTile& each : tiles) {
    change[each.first] += in_grains(each.bytes, grain);
    change[each.last + 1] -= in_grains(each.bytes, grain);
  }
  RotationPeak peak;
  std::int64_t now = 0;
  for (const auto& [time, by] : change) {
    now += by;
    if (now > peak.bytes) {
      peak = {time, now};
    }
  }
  return peak;
}

}  // namespace nsim::isa
