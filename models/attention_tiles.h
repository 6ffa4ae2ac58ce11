// SPDX-License-Identifier: Apache-2.0
// Keys, values and queries of some heads on chip. Keys and queries are transposed on the way, so
// that the columns of a head lie on partitions; values stay as they are.
#pragma once

#include <string>
#include <vector>

#include "models/attention_plan.h"
#include "models/lowering.h"

namespace nsim::ml {

class AttentionTiles {
 public:
  /// `kv_heads` key/value heads at a time, with the query heads they serve.
  AttentionTiles(Lowering& to, const Call& call, std::int64_t kv_heads);

  /// Bytes per partition for so many heads.
  static std::int64_t footprint(const AttentionSizes& sizes, std::int64_t kv_heads,
                                std::int64_t element);

  /// Loads the heads from `kv_head` on; `index` counts the calls.
  void load(const isa::Expr& kv_head, const Index& index);

  const std::vector<KeyTile>& tiles() const { return tiles_; }
  /// Of the n-th loaded key/value head: columns of [width, keys].
  isa::Access keys(std::int64_t kv_head, std::int64_t start, std::int64_t count) const;
  /// [keys of the tile, width].
  isa::Access values(std::int64_t kv_head, const KeyTile& tile) const;
  /// Of the n-th loaded query head (or group, when stacked): columns of [width, queries].
  isa::Access queries(std::int64_t head, std::int64_t start, std::int64_t count) const;

  /// Half a bank of PSUM to transpose into, and the engine that empties it: both take turns.
  isa::Access turned(std::int64_t column, std::int64_t partitions,
                     std::vector<isa::Dim> dims) const;
  void next_turn() { ++turns_; }
  isa::Engine emptied_by() const {
    return turns_ % 2 == 0 ? isa::Engine::Vector : isa::Engine::Scalar;
  }
  std::int64_t turn_columns() const { return to_.bank(dtype_) / 2; }

 private:
  void load_rows(const Turns& into, std::int64_t at, const ModelTensor& from,
                 const isa::Expr& origin, std::int64_t width);
  void load_stacked_queries(const isa::Expr& kv_head);
  template <class From, class Into>
  void turn_rows(const std::vector<KeyTile>& tiles, From from, Into into);

  Lowering& to_;
  const Call& call_;
  const AttentionSizes sizes_;
  const num::Dtype dtype_;
  const std::int64_t kv_heads_;
  std::int64_t query_heads_;  // or groups, when stacked
  std::vector<KeyTile> tiles_, query_tiles_;
  Turns key_rows_, keys_, values_, query_rows_, queries_;
  isa::BufferRef turned_;
  Index index_ = 0;  // of the heads loaded last
  std::int64_t turns_ = 0;
};

}  // namespace nsim::ml
