// SPDX-License-Identifier: Apache-2.0
// Attention, block by block of keys, so that scores never leave the chip: for 128 queries and up to
// 1024 keys, scores in PSUM, their largest, exp() with the row sums on the way, the weights
// transposed, times the values. From block to block the running largest and sum correct what was
// added up before ("online softmax").
//
// The Tensor engine works on the scores of the next block while Vector and Scalar turn those of
// this block into weights. Key/value heads are divided between the cores; each serves its group of
// query heads.
#include <algorithm>
#include <cmath>
#include <vector>

#include "models/attention_plan.h"
#include "models/lowering.h"

namespace nsim::ml {
namespace {

using isa::Access;
using isa::BufferRef;
using isa::Engine;
using isa::Expr;
using num::Activation;
using num::AluOp;

constexpr float kMasked = -1e30F;
constexpr std::int64_t kScalarSpacing =
    16;  // 64 bytes: turns do not share what dependencies follow

class Attention {
 public:
  Attention(Lowering& to, const Call& call)
      : to_(to), b_(to.builder()), call_(call), dtype_(call.input(0).dtype) {
    heads_ = call.integer("heads", 1);
    kv_heads_ = call.integer("kv_heads", heads_);
    group_ = heads_ / kv_heads_;
    width_ = call.shape(0)[1] / heads_;
    past_ = call.has_input(3) ? call.shape(3)[0] : 0;
    keys_ = past_ + call.shape(1)[0];
    scale_ = call.number("scale", 1 / std::sqrt(static_cast<double>(width_)));
    tokens_ = call.shape(0)[0];
    // For a single token the query heads of a group are the rows of one tile.
    stacked_ = tokens_ == 1;
    queries_ = stacked_ ? group_ : tokens_;
    key_tiles_ = key_tiles(past_, keys_ - past_);
    const bool causal = call.flag("causal") && !stacked_;
    blocks_ = attention_blocks(key_tiles_, queries_, causal ? keys_ - tokens_ : keys_);
    allocate();
  }

  void run() {
    if (call_.flag("causal") && !stacked_) {
      make_mask();
    }
    const Share part = to_.share(kv_heads_);
    to_.loop("kv_head", part.size, [&](const Index& index) {
      const Expr kv_head = part.start + index.times(1);
      load_keys_and_values(kv_head, index);
      load_queries(kv_head, index);
      to_.loop("head", stacked_ ? 1 : group_,
               [&](const Index& head) { one_head(kv_head, index, head); });
    });
  }

 private:
  void allocate() {
    const auto key_slots = static_cast<std::int64_t>(key_tiles_.size());
    query_tiles_ = ceil_div(queries_, kPartitions);
    query_pitch_ = stacked_ ? width_ : group_ * width_;
    // Two heads' keys and values at once when there is room.
    const std::int64_t bytes =
        (2 * key_slots * width_ + keys_ + query_tiles_ * query_pitch_) * bytes_of(dtype_);
    turns_ = 2 * bytes <= to_.sbuf_left() / 2 ? 2 : 1;
    key_rows_ = to_.sbuf("key_rows", dtype_, turns_ * key_slots * width_);
    values_ = to_.sbuf("values", dtype_, turns_ * key_slots * width_);
    keys_buffer_ = to_.sbuf("keys", dtype_, turns_ * keys_);
    query_rows_ = to_.sbuf("query_rows", dtype_, turns_ * query_tiles_ * query_pitch_);
    queries_buffer_ = to_.sbuf("queries", dtype_, 2 * queries_);
    weights_ = to_.sbuf("weights", dtype_, 2 * kKeysPerBlock);
    weights_turned_ = to_.sbuf("weights_turned", dtype_, 2 * kKeysPerBlock);
    sum_of_values_ = to_.sbuf("sum_of_values", num::Dtype::Fp32, 2 * width_);
    result_ = to_.sbuf("result", to_.result(call_).dtype, 2 * width_);
    for (Statistic* each :
         {&block_largest_, &largest_, &shift_, &block_sum_, &sum_, &drop_, &correction_}) {
      each->buffer = to_.sbuf("statistic", num::Dtype::Fp32, 2 * kScalarSpacing);
    }
    scores_ = to_.psum("scores", num::Dtype::Fp32, 4);
    turned_ = to_.psum("turned", dtype_, 2);
    products_ = to_.psum("products", num::Dtype::Fp32, 2);
  }

  /// mask[p, c] is 0 where query p may see the c-th key after the one the tile's first query ends
  /// at.
  void make_mask() {
    mask_ = to_.sbuf("mask", num::Dtype::Fp32, kPartitions);
    const Access all = mask_.at(0, {{1, kPartitions}});
    b_.memset(Engine::GpSimd, all, 0);
    b_.affine_select(all, all, 0, 1, {-1}, kMasked);
  }

  /// Rows of a [rows, columns] tensor to slots of [128, width].
  void load_rows(const BufferRef& into, const Expr& turn, isa::TensorRef from, const Expr& origin,
                 std::int64_t pitch, std::int64_t width, std::int64_t rows) {
    const std::int64_t whole = rows / kPartitions;
    const std::int64_t rest = rows % kPartitions;
    if (whole > 0) {
      to_.load(into.at(turn, {{width, whole}, {1, width}}),
               from.at(origin, {{pitch, kPartitions}, {kPartitions * pitch, whole}, {1, width}}));
    }
    if (rest > 0) {
      to_.load(into.at(0, rest, turn + whole * width, {{1, width}}),
               from.at(origin + whole * kPartitions * pitch, {{pitch, rest}, {1, width}}));
    }
  }

  Expr key_turn(const Index& index) const {
    return index.turn(turns_, static_cast<std::int64_t>(key_tiles_.size()) * width_);
  }

  void load_keys_and_values(const Expr& kv_head, const Index& index) {
    const std::int64_t pitch = kv_heads_ * width_;
    const Expr origin = kv_head * width_;
    for (const bool past : {true, false}) {
      const std::int64_t rows = past ? past_ : keys_ - past_;
      const Expr turn = key_turn(index) + (past ? 0 : ceil_div(past_, kPartitions) * width_);
      if (rows > 0) {
        load_rows(key_rows_, turn, to_.tensor(call_.input(past ? 3 : 1)), origin, pitch, width_,
                  rows);
        load_rows(values_, turn, to_.tensor(call_.input(past ? 4 : 2)), origin, pitch, width_,
                  rows);
      }
    }
    turn_rows(
        key_tiles_,
        [&](const KeyTile& tile) {
          return key_rows_.at(0, tile.keys, key_turn(index) + tile.slot * width_, {{1, width_}});
        },
        [&](std::int64_t start, std::int64_t count) {
          return keys_buffer_.at(0, width_, index.turn(turns_, keys_) + start, {{1, count}});
        });
  }

  void load_queries(const Expr& kv_head, const Index& index) {
    const isa::TensorRef from = to_.tensor(call_.input(0));
    const Expr turn = index.turn(turns_, query_tiles_ * query_pitch_);
    const Expr origin = kv_head * (group_ * width_);
    load_rows(query_rows_, turn, from, origin, stacked_ ? width_ : heads_ * width_, query_pitch_,
              queries_);
  }

  /// [rows, width] tiles to columns of [width, all rows], a PSUM bank at a time.
  template <class From, class Into>
  void turn_rows(const std::vector<KeyTile>& tiles, From from, Into into) {
    const std::int64_t bank = to_.bank(dtype_);
    for (std::size_t i = 0; i < tiles.size();) {
      const std::int64_t start = tiles[i].start;
      const Expr psum = Index(bank_turn_++).turn(2, bank);
      std::int64_t count = 0;
      for (; i < tiles.size() && count + tiles[i].keys <= bank; ++i) {
        b_.nc_transpose(turned_.at(0, width_, psum + count, {{1, tiles[i].keys}}), from(tiles[i]));
        count += tiles[i].keys;
      }
      b_.tensor_copy(next_engine(), into(start, count), turned_.at(0, width_, psum, {{1, count}}));
    }
  }

  void one_head(const Expr& kv_head, const Index& index, const Index& head) {
    std::vector<KeyTile> rows;
    Lowering::unrolled_tiles(queries_, kPartitions, [&](const Tile& tile) {
      rows.push_back({tile.start.constant, tile.size, tile.start.constant / kPartitions});
    });
    const Expr turn = index.turn(turns_, query_tiles_ * query_pitch_) + head.times(width_);
    turn_rows(
        rows,
        [&](const KeyTile& tile) {
          return query_rows_.at(0, tile.keys, turn + tile.slot * query_pitch_, {{1, width_}});
        },
        [&](std::int64_t start, std::int64_t count) {
          return queries_buffer_.at(0, width_, head.turn(2, queries_) + start, {{1, count}});
        });
    now_ = {kv_head, index, head};
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      if (i == 0) {
        score(blocks_[0], 0);
        weigh(blocks_[0], 0);
      }
      if (i + 1 < blocks_.size()) {
        score(blocks_[i + 1], i + 1);
      }
      apply(blocks_[i], i);
      if (i + 1 < blocks_.size()) {
        weigh(blocks_[i + 1], i + 1);
      }
    }
  }

  struct Statistic {
    BufferRef buffer;
  };

  static Access at(const Statistic& statistic, const AttentionBlock& block, std::size_t turn) {
    return statistic.buffer.at(0, block.queries,
                               static_cast<std::int64_t>(turn % 2) * kScalarSpacing, {{1, 1}});
  }
  /// Of the queries, kept from block to block.
  static Access at(const Statistic& statistic, const AttentionBlock& block) {
    return at(statistic, block, static_cast<std::size_t>(block.query_tile));
  }
  Access scores(const AttentionBlock& block, std::size_t turn, std::int64_t from,
                std::int64_t count) const {
    const std::int64_t banks = static_cast<std::int64_t>(turn % 2) * 2 * to_.bank(num::Dtype::Fp32);
    return scores_.at(0, block.queries, banks + from, {{1, count}});
  }

  void score(const AttentionBlock& block, std::size_t turn) {
    const std::int64_t bank = to_.bank(num::Dtype::Fp32);
    const Access queries = queries_buffer_.at(0, width_, now_.head.turn(2, queries_) + block.query,
                                              {{1, block.queries}});
    Lowering::unrolled_tiles(block.keys(), bank, [&](const Tile& part) {
      const Expr key = now_.index.turn(turns_, keys_) + block.start() + part.start;
      b_.nc_matmul(scores(block, turn, part.start.constant, part.size), queries,
                   keys_buffer_.at(0, width_, key, {{1, part.size}}), 0);
    });
    if (call_.flag("causal") && !stacked_) {
      // Query p of the tile sees keys up to limit + p.
      const std::int64_t limit = block.query + keys_ - tokens_;
      const std::int64_t from = std::max(limit, block.start());
      const std::int64_t count = block.start() + block.keys() - from;
      if (count > 0) {
        const Access band = scores(block, turn, from - block.start(), count);
        b_.tensor_tensor(Engine::Vector, band, band,
                         mask_.at(0, block.queries, from - limit, {{1, count}}), AluOp::Add);
      }
    }
  }

  /// Scores to weights that are not divided by their sum yet. Largest values are kept negated.
  void weigh(const AttentionBlock& block, std::size_t turn) {
    const Access score = scores(block, turn, 0, block.keys());
    const Access largest = at(block.first ? largest_ : block_largest_, block);
    b_.tensor_reduce(largest, score, AluOp::Maximum, 0, true);
    if (!block.first) {
      const Access before = at(largest_, block);
      b_.tensor_tensor(Engine::Vector, largest, largest, before, AluOp::Minimum);
      b_.tensor_tensor(Engine::Vector, at(drop_, block), largest, before, AluOp::Subtract);
      b_.tensor_copy(Engine::Vector, before, largest);
      b_.activation(at(correction_, block, turn), at(drop_, block), Activation::Exp,
                    immediate(scale_));
    }
    b_.tensor_scalar(Engine::Vector, at(shift_, block, turn), largest, AluOp::Multiply,
                     immediate(scale_));
    b_.activation_reduce(weights(block, turn, 0, block.keys()),
                         at(block.first ? sum_ : block_sum_, block), score, Activation::Exp,
                         immediate(scale_), per_partition(at(shift_, block, turn)));
    if (!block.first) {
      b_.scalar_tensor_tensor(at(sum_, block), at(sum_, block), AluOp::Multiply,
                              per_partition(at(correction_, block, turn)), AluOp::Add,
                              at(block_sum_, block));
    }
  }

  Access weights(const AttentionBlock& block, std::size_t turn, std::int64_t from,
                 std::int64_t count) const {
    return weights_.at(0, block.queries, static_cast<std::int64_t>(turn % 2) * kKeysPerBlock + from,
                       {{1, count}});
  }

  /// Weights times values, added to those of the blocks before.
  void apply(const AttentionBlock& block, std::size_t turn) {
    turn_weights(block, turn);
    const Access product = products_.at(
        0, block.queries, static_cast<std::int64_t>(turn % 2) * to_.bank(num::Dtype::Fp32),
        {{1, width_}});
    std::int64_t accumulate = 0;
    for (const KeyTile& tile : block.tiles) {
      b_.nc_matmul(
          product, turned_weights(block, turn, tile, tile.keys, 1),
          values_.at(0, tile.keys, key_turn(now_.index) + tile.slot * width_, {{1, width_}}),
          accumulate++);
    }
    const Access sum =
        sum_of_values_.at(0, block.queries, block.query_tile % 2 * width_, {{1, width_}});
    if (!block.first) {
      b_.scalar_tensor_tensor(sum, sum, AluOp::Multiply,
                              per_partition(at(correction_, block, turn)), AluOp::Add, product);
    } else if (!block.last) {
      b_.tensor_copy(Engine::Vector, sum, product);
    }
    if (block.last) {
      store(block, block.first ? product : sum);
    }
  }

  /// [keys, queries] of `tiles` tiles from `tile` on.
  Access turned_weights(const AttentionBlock& block, std::size_t turn, const KeyTile& tile,
                        std::int64_t keys, std::int64_t tiles) const {
    const std::int64_t at = (tile.slot - block.tiles.front().slot) * kPartitions;
    return weights_turned_.at(0, keys, static_cast<std::int64_t>(turn % 2) * kKeysPerBlock + at,
                              {{kPartitions, tiles}, {1, block.queries}});
  }

  void turn_weights(const AttentionBlock& block, std::size_t turn) {
    const std::int64_t bank = to_.bank(dtype_);
    const auto per_bank = static_cast<std::size_t>(bank / kPartitions);
    for (std::size_t first = 0; first < block.tiles.size(); first += per_bank) {
      const std::size_t end = std::min(block.tiles.size(), first + per_bank);
      const Expr psum = Index(bank_turn_++).turn(2, bank);
      std::size_t whole = first;
      for (std::size_t i = first; i < end; ++i) {
        const KeyTile& tile = block.tiles[i];
        const auto column = static_cast<std::int64_t>(i - first) * kPartitions;
        b_.nc_transpose(turned_.at(0, tile.keys, psum + column, {{1, block.queries}}),
                        weights(block, turn, tile.start - block.start(), tile.keys));
        whole += tile.keys == kPartitions && whole == i ? 1 : 0;
      }
      copy_turned(block, turn, first, whole, psum);
      for (std::size_t i = whole; i < end; ++i) {
        copy_turned(block, turn, i, i + 1,
                    psum + static_cast<std::int64_t>(i - first) * kPartitions);
      }
    }
  }

  void copy_turned(const AttentionBlock& block, std::size_t turn, std::size_t first,
                   std::size_t end, const Expr& psum) {
    if (end > first) {
      const KeyTile& tile = block.tiles[first];
      const auto tiles = static_cast<std::int64_t>(end - first);
      b_.tensor_copy(next_engine(), turned_weights(block, turn, tile, tile.keys, tiles),
                     turned_.at(0, tile.keys, psum, {{kPartitions, tiles}, {1, block.queries}}));
    }
  }

  void store(const AttentionBlock& block, const Access& sum) {
    const Access inverse = at(drop_, block);
    const Access result =
        result_.at(0, block.queries, block.query_tile % 2 * width_, {{1, width_}});
    b_.reciprocal(inverse, at(sum_, block));
    b_.tensor_scalar(Engine::Vector, result, sum, AluOp::Multiply, per_partition(inverse));
    const std::int64_t pitch = stacked_ ? width_ : heads_ * width_;
    to_.store(
        to_.tensor(to_.result(call_))
            .at(now_.kv_head * (group_ * width_) + now_.head.times(width_) + block.query * pitch,
                {{pitch, block.queries}, {1, width_}}),
        result);
  }

  Engine next_engine() {
    scalar_next_ = !scalar_next_;
    return scalar_next_ ? Engine::Vector : Engine::Scalar;
  }

  /// The head being emitted.
  struct Now {
    Expr kv_head;
    Index index = 0;
    Index head = 0;
  };

  Lowering& to_;
  isa::Builder& b_;
  const Call& call_;
  num::Dtype dtype_;
  std::int64_t heads_, kv_heads_, group_, width_, past_, keys_, tokens_, queries_;
  double scale_;
  bool stacked_;
  std::vector<KeyTile> key_tiles_;
  std::vector<AttentionBlock> blocks_;
  std::int64_t query_tiles_ = 0, query_pitch_ = 0;
  int turns_ = 1;
  BufferRef key_rows_, keys_buffer_, values_, query_rows_, queries_buffer_, weights_,
      weights_turned_;
  BufferRef sum_of_values_, result_, mask_, scores_, turned_, products_;
  Statistic block_largest_, largest_, shift_, block_sum_, sum_, drop_, correction_;
  Now now_;
  std::int64_t bank_turn_ = 0;
  bool scalar_next_ = false;
};

}  // namespace

void lower_attention(Lowering& to, const Call& call) {
  Attention(to, call).run();
}

}  // namespace nsim::ml
