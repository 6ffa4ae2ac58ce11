// SPDX-License-Identifier: Apache-2.0
// How attention is cut into pieces that fit on chip: blocks of 128 queries against up to 1024 keys,
// and heads that are worked on together.
#pragma once

#include <cstdint>
#include <vector>

#include "models/operators.h"

namespace nsim::ml {

/// Scores of a block: two PSUM banks.
inline constexpr std::int64_t kKeysPerBlock = 1024;

/// What an attention operator asks for.
struct AttentionSizes {
  explicit AttentionSizes(const Call& call);

  std::int64_t heads, kv_heads;
  std::int64_t group;    // query heads that share a key/value head
  std::int64_t width;    // columns of a head
  std::int64_t tokens;   // rows of q
  std::int64_t past;     // rows of the past keys and values
  std::int64_t keys;     // all of them
  bool stacked;          // a single token: the heads of a group are the rows of one tile of queries
  std::int64_t queries;  // rows per head, or per group when stacked
  bool causal;
};

/// Up to 128 keys, on the partitions of slot `slot` of a buffer with one slot per tile.
struct KeyTile {
  std::int64_t start = 0;
  std::int64_t keys = 0;
  std::int64_t slot = 0;
};

/// A run of key tiles against one tile of queries.
struct AttentionBlock {
  std::int64_t query = 0;  // first
  std::int64_t queries = 0;
  bool first = false;  // of its queries
  bool last = false;
  std::vector<KeyTile> tiles;

  std::int64_t start() const { return tiles.front().start; }
  std::int64_t keys() const { return tiles.back().start + tiles.back().keys - start(); }
};

/// Tiles of `past` keys and of `recent` ones behind them; none has keys of both.
std::vector<KeyTile> key_tiles(std::int64_t past, std::int64_t recent);

/// The blocks of all queries, in order. Query q sees keys 0 to q + visible.
std::vector<AttentionBlock> attention_blocks(const std::vector<KeyTile>& tiles,
                                             std::int64_t queries, std::int64_t visible);

}  // namespace nsim::ml
