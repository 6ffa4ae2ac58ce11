// SPDX-License-Identifier: Apache-2.0
#include "models/attention_tiles.h"

#include <utility>

namespace nsim::ml {
std::int64_t AttentionTiles::footprint(const AttentionSizes& sizes, std::int64_t kv_heads,
                                       std::int64_t element) {
  const std::int64_t slots =
      ceil_div(sizes.past, kPartitions) + ceil_div(sizes.keys - sizes.past, kPartitions);
  const std::int64_t query_heads = sizes.stacked ? 1 : sizes.group;
  const std::int64_t per_head =
      2 * slots * sizes.width + sizes.keys +
      query_heads * (ceil_div(sizes.queries, kPartitions) * sizes.width + sizes.queries);
  return 2 * kv_heads * per_head * element;
}

AttentionTiles::AttentionTiles(Lowering& to, const Call& call, std::int64_t kv_heads)
    : to_(to),
      call_(call),
      sizes_(call),
      dtype_(call.input(0).dtype),
      kv_heads_(kv_heads),
      query_heads_(sizes_.stacked ? kv_heads : kv_heads * sizes_.group),
      tiles_(key_tiles(sizes_.past, sizes_.keys - sizes_.past)),
      query_tiles_(key_tiles(0, sizes_.queries)) {
  const auto slots = static_cast<std::int64_t>(tiles_.size());
  const auto query_slots = static_cast<std::int64_t>(query_tiles_.size());
  key_rows_ = to.turns("key_rows", dtype_, slots * kv_heads * sizes_.width);
  values_ = to.turns("values", dtype_, slots * kv_heads * sizes_.width);
  keys_ = to.turns("keys", dtype_, kv_heads * sizes_.keys);
  query_rows_ = to.turns("query_rows", dtype_, query_slots * query_heads_ * sizes_.width);
  queries_ = to.turns("queries", dtype_, query_heads_ * sizes_.queries);
  turned_ = to.psum("turned", dtype_, 1);
}

void AttentionTiles::load(const isa::Expr& kv_head, const Index& index) {
  const std::int64_t width = sizes_.width;
  index_ = index;
  const std::int64_t columns = kv_heads_ * width;
  const std::int64_t recent = ceil_div(sizes_.past, kPartitions) * columns;
  if (sizes_.stacked) {
    load_stacked_queries(kv_head);
  } else {
    load_rows(query_rows_, 0, call_.input(0), kv_head * (sizes_.group * width),
              query_heads_ * width);
  }
  if (sizes_.past > 0) {
    load_rows(key_rows_, 0, call_.input(3), kv_head * width, columns);
  }
  load_rows(key_rows_, recent, call_.input(1), kv_head * width, columns);
  if (sizes_.past > 0) {
    load_rows(values_, 0, call_.input(4), kv_head * width, columns);
  }
  load_rows(values_, recent, call_.input(2), kv_head * width, columns);

  for (std::int64_t kv = 0; kv < kv_heads_; ++kv) {
    turn_rows(
        tiles_,
        [&](const KeyTile& tile) {
          return key_rows_.at(index_, tile.keys, (tile.slot * kv_heads_ + kv) * width,
                              {{1, width}});
        },
        [&](std::int64_t start, std::int64_t count) { return keys(kv, start, count); });
  }
  for (std::int64_t head = 0; head < query_heads_; ++head) {
    turn_rows(
        query_tiles_,
        [&](const KeyTile& tile) {
          return query_rows_.at(index_, tile.keys, (tile.slot * query_heads_ + head) * width,
                                {{1, width}});
        },
        [&](std::int64_t start, std::int64_t count) { return queries(head, start, count); });
  }
}

/// All rows of `from`, `width` columns from `origin` on, to slots of [128, width] from `at` on.
void AttentionTiles::load_rows(const Turns& into, std::int64_t at, const ModelTensor& from,
                               const isa::Expr& origin, std::int64_t width) {
  const std::int64_t pitch = from.shape[1];
  const std::int64_t whole = from.shape[0] / kPartitions;
  const std::int64_t rest = from.shape[0] % kPartitions;
  if (whole > 0) {
    to_.load(into.at(index_, kPartitions, at, {{width, whole}, {1, width}}),
             to_.tensor(from).at(origin,
                                 {{pitch, kPartitions}, {kPartitions * pitch, whole}, {1, width}}));
  }
  if (rest > 0) {
    to_.load(
        into.at(index_, rest, at + whole * width, {{1, width}}),
        to_.tensor(from).at(origin + whole * kPartitions * pitch, {{pitch, rest}, {1, width}}));
  }
}

/// The token's heads: row g of a group's tile is its g-th head.
void AttentionTiles::load_stacked_queries(const isa::Expr& kv_head) {
  const std::int64_t width = sizes_.width;
  to_.load(query_rows_.at(index_, sizes_.group, 0, {{width, kv_heads_}, {1, width}}),
           to_.tensor(call_.input(0))
               .at(kv_head * (sizes_.group * width),
                   {{width, sizes_.group}, {sizes_.group * width, kv_heads_}, {1, width}}));
}

/// [rows, width] tiles to columns of [width, all rows], half a PSUM bank at a time.
template <class From, class Into>
void AttentionTiles::turn_rows(const std::vector<KeyTile>& tiles, From from, Into into) {
  for (std::size_t i = 0; i < tiles.size();) {
    const std::int64_t start = tiles[i].start;
    std::int64_t count = 0;
    next_turn();
    for (; i < tiles.size() && count + tiles[i].keys <= turn_columns(); ++i) {
      to_.builder().nc_transpose(turned(count, sizes_.width, {{1, tiles[i].keys}}), from(tiles[i]));
      count += tiles[i].keys;
    }
    to_.builder().tensor_copy(emptied_by(), into(start, count),
                              turned(0, sizes_.width, {{1, count}}));
  }
}

isa::Access AttentionTiles::keys(std::int64_t kv_head, std::int64_t start,
                                 std::int64_t count) const {
  return keys_.at(index_, sizes_.width, kv_head * sizes_.keys + start, {{1, count}});
}

isa::Access AttentionTiles::values(std::int64_t kv_head, const KeyTile& tile) const {
  const std::int64_t column = (tile.slot * kv_heads_ + kv_head) * sizes_.width;
  return values_.at(index_, tile.keys, column, {{1, sizes_.width}});
}

isa::Access AttentionTiles::queries(std::int64_t head, std::int64_t start,
                                    std::int64_t count) const {
  return queries_.at(index_, sizes_.width, head * sizes_.queries + start, {{1, count}});
}

isa::Access AttentionTiles::turned(std::int64_t column, std::int64_t partitions,
                                   std::vector<isa::Dim> dims) const {
  return turned_.at(0, partitions, turns_ % 2 * turn_columns() + column, std::move(dims));
}

}  // namespace nsim::ml
