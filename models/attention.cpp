// SPDX-License-Identifier: Apache-2.0
// Attention, block by block, so that scores never leave the chip: for 128 queries and up to 1024
// keys, scores in PSUM, their largest, exp() with the row sums on the way, the weights transposed,
// times the values. From block to block the running largest and sum correct what was added up
// before ("online softmax").
//
// Five blocks are under way at a time, each at another stage of this, so that no engine waits for
// another for long. Small statistics are GpSimd's. Key/value heads are divided between the cores;
// each serves its group of query heads.
#include <algorithm>
#include <cmath>
#include <vector>

#include "models/attention_plan.h"
#include "models/attention_tiles.h"
#include "models/lowering.h"

namespace nsim::ml {
namespace {

using isa::Access;
using isa::BufferRef;
using isa::Engine;
using num::Activation;
using num::AluOp;

constexpr std::int64_t kHeadsAtOnce = 4;
// PSUM: scores of three blocks, and a bank each for transposed weights and for products.
constexpr std::int64_t kScoresAtOnce = 3;
constexpr std::int64_t kScoreBanks = 2;
constexpr float kMasked = -1e30F;

/// One value per query, of all the blocks under way.
class Statistic {
 public:
  Statistic(Lowering& to, const char* name) : turns_(to.turns(name, num::Dtype::Fp32, 1, 4)) {}
  Access at(std::int64_t turn, std::int64_t queries) const { return turns_.at(turn, queries, 1); }

 private:
  Turns turns_;
};

/// A block of one head, in the order they are worked on.
struct Step {
  const AttentionBlock* block = nullptr;
  std::int64_t head = 0;    // of those loaded
  std::int64_t number = 0;  // of the step
  std::int64_t run = 0;     // of the blocks of the same head and queries: they share sums
};

/// Key/value heads worked on together: enough query heads to keep the pipeline full, if they fit.
std::int64_t heads_at_once(Lowering& to, const Call& call) {
  const AttentionSizes sizes(call);
  const std::int64_t share = to.share(sizes.kv_heads).size;
  const std::int64_t rows = sizes.stacked ? 1 : sizes.group;
  std::int64_t best = 1;
  for (std::int64_t n = 2; n * rows <= kHeadsAtOnce; ++n) {
    const std::int64_t bytes = AttentionTiles::footprint(sizes, n, bytes_of(call.input(0).dtype));
    if (share % n == 0 && bytes <= to.sbuf_left() / 2) {
      best = n;
    }
  }
  return best;
}

class Attention {
 public:
  Attention(Lowering& to, const Call& call)
      : to_(to),
        b_(to.builder()),
        call_(call),
        sizes_(call),
        scale_(call.number("scale", 1 / std::sqrt(static_cast<double>(sizes_.width)))),
        kv_heads_(heads_at_once(to, call)),
        heads_(sizes_.stacked ? kv_heads_ : kv_heads_ * sizes_.group),
        tiles_(to, call, kv_heads_),
        blocks_(attention_blocks(tiles_.tiles(), sizes_.queries,
                                 sizes_.causal ? sizes_.keys - sizes_.tokens : sizes_.keys)),
        block_largest_(to, "block_largest"),
        largest_(to, "largest"),
        shift_(to, "shift"),
        block_sum_(to, "block_sum"),
        sum_(to, "sum"),
        drop_(to, "drop"),
        correction_(to, "correction") {
    const num::Dtype dtype = call.input(0).dtype;
    weights_ = to.sbuf("weights", dtype, 2 * kKeysPerBlock);
    weights_turned_ = to.sbuf("weights_turned", dtype, 2 * kKeysPerBlock);
    sum_of_values_ = to.sbuf("sum_of_values", num::Dtype::Fp32, 2 * sizes_.width);
    result_ = to.sbuf("result", to.result(call).dtype, 2 * heads_ * sizes_.width);
    scores_ = to.psum("scores", num::Dtype::Fp32, kScoresAtOnce * kScoreBanks);
    products_ = to.psum("products", num::Dtype::Fp32, 1);
    plan_steps();
  }

  void run() {
    if (sizes_.causal) {
      make_mask();
    }
    const Share part = to_.share(sizes_.kv_heads);
    to_.loop("kv_head", part.size / kv_heads_, [&](const Index& index) {
      kv_head_ = part.start + index.times(kv_heads_);
      tiles_.load(kv_head_, index);
      work();
    });
  }

 private:
  /// All heads of a tile of queries before the next tile: their results are stored together.
  void plan_steps() {
    std::int64_t run = 0;
    for (std::size_t first = 0; first < blocks_.size();) {
      std::size_t end = first;
      while (!blocks_[end++].last) {
      }
      for (std::int64_t head = 0; head < heads_; ++head, ++run) {
        for (std::size_t i = first; i < end; ++i) {
          steps_.push_back({&blocks_[i], head, static_cast<std::int64_t>(steps_.size()), run});
        }
      }
      first = end;
    }
  }

  /// Bands of the triangle that hides the future, added by the Tensor engine as identity x mask.
  void make_mask() {
    mask_ = to_.sbuf("mask", num::Dtype::Bf16, kPartitions);
    identity_ = to_.sbuf("identity", num::Dtype::Bf16, kPartitions);
    const Access mask = mask_.at(0, {{1, kPartitions}});
    const Access identity = identity_.at(0, {{1, kPartitions}});
    b_.memset(Engine::GpSimd, mask, 0);
    b_.affine_select(mask, mask, 0, 1, {-1}, kMasked);
    b_.memset(Engine::GpSimd, identity, 1);
    b_.affine_select(identity, identity, 0, 1, {-1}, 0);
    b_.affine_select(identity, identity, 0, -1, {1}, 0);
  }

  /// Each stage of a block is a pass behind the stage before, so that what an engine is told to do
  /// next has what it needs. The order within a pass is the order of each engine.
  void work() {
    const auto stage = [&](std::int64_t number, void (Attention::*emit)(const Step&)) {
      if (0 <= number && number < static_cast<std::int64_t>(steps_.size())) {
        (this->*emit)(steps_[static_cast<std::size_t>(number)]);
      }
    };
    for (std::int64_t pass = -4; pass <= static_cast<std::int64_t>(steps_.size()); ++pass) {
      stage(pass + 3, &Attention::find_largest);
      stage(pass + 2, &Attention::weigh);
      stage(pass + 1, &Attention::turn_weights);
      stage(pass + 4, &Attention::score);
      stage(pass, &Attention::apply);
      stage(pass - 1, &Attention::store);
    }
  }

  Access scores(const Step& step, std::int64_t from, std::int64_t count) const {
    return scores_.at(0, step.block->queries,
                      step.number % kScoresAtOnce * kScoreBanks * to_.bank(num::Dtype::Fp32) + from,
                      {{1, count}});
  }

  void score(const Step& step) {
    const AttentionBlock& block = *step.block;
    const std::int64_t bank = to_.bank(num::Dtype::Fp32);
    // Query p of the tile sees keys up to limit + p; the mask hides the rest of the last 128.
    const std::int64_t limit =
        sizes_.causal ? block.query + sizes_.keys - sizes_.tokens : sizes_.keys;
    Lowering::unrolled_tiles(block.keys(), bank, [&](const Tile& part) {
      const std::int64_t from = part.start.constant;
      b_.nc_matmul(scores(step, from, part.size),
                   tiles_.queries(step.head, block.query, block.queries),
                   tiles_.keys(kv_of(step), block.start() + from, part.size), 0);
      const std::int64_t hidden = std::max(from, limit - block.start());
      const std::int64_t count = from + part.size - hidden;
      if (count > 0) {
        b_.nc_matmul(scores(step, hidden, count), identity_.at(0, {{1, block.queries}}),
                     mask_.at(hidden + block.start() - limit, {{1, count}}), 1);
      }
    });
  }

  std::int64_t kv_of(const Step& step) const {
    return sizes_.stacked ? step.head : step.head / sizes_.group;
  }

  /// Largest values are kept negated, as exp() needs them.
  void find_largest(const Step& step) {
    const std::int64_t queries = step.block->queries;
    const Access running = largest_.at(step.run, queries);
    const Access largest = step.block->first ? running : block_largest_.at(step.number, queries);
    b_.tensor_reduce(largest, scores(step, 0, step.block->keys()), AluOp::Maximum, 0, true);
    if (!step.block->first) {
      const Access drop = drop_.at(step.number, queries);
      b_.tensor_tensor(Engine::GpSimd, largest, largest, running, AluOp::Minimum);
      b_.tensor_tensor(Engine::GpSimd, drop, largest, running, AluOp::Subtract);
      b_.tensor_copy(Engine::GpSimd, running, largest);
    }
    b_.tensor_scalar(Engine::GpSimd, shift_.at(step.number, queries), largest, AluOp::Multiply,
                     immediate(scale_));
  }

  /// Scores to weights that are not divided by their sum yet.
  void weigh(const Step& step) {
    const std::int64_t queries = step.block->queries;
    const bool first = step.block->first;
    const Access sum = sum_.at(step.run, queries);
    const Access block_sum = block_sum_.at(step.number, queries);
    const Access correction = correction_.at(step.number, queries);
    if (!first) {
      b_.activation(correction, drop_.at(step.number, queries), Activation::Exp, immediate(scale_));
    }
    b_.activation_reduce(weights(step, 0, step.block->keys()), first ? sum : block_sum,
                         scores(step, 0, step.block->keys()), Activation::Exp, immediate(scale_),
                         per_partition(shift_.at(step.number, queries)));
    if (!first) {
      b_.tensor_scalar(Engine::GpSimd, sum, sum, AluOp::Multiply, per_partition(correction),
                       AluOp::Add, per_partition(block_sum));
    }
  }

  Access weights(const Step& step, std::int64_t from, std::int64_t count) const {
    return weights_.at(0, step.block->queries, step.number % 2 * kKeysPerBlock + from,
                       {{1, count}});
  }

  /// [keys, queries] of `count` tiles from the block's `first` on.
  Access turned_weights(const Step& step, std::size_t first, std::size_t count) const {
    const auto column = static_cast<std::int64_t>(first) * kPartitions;
    return weights_turned_.at(
        0, step.block->tiles[first].keys, step.number % 2 * kKeysPerBlock + column,
        {{kPartitions, static_cast<std::int64_t>(count)}, {1, step.block->queries}});
  }

  void turn_weights(const Step& step) {
    const AttentionBlock& block = *step.block;
    const auto per_bank = static_cast<std::size_t>(tiles_.turn_columns() / kPartitions);
    for (std::size_t first = 0; first < block.tiles.size(); first += per_bank) {
      const std::size_t end = std::min(block.tiles.size(), first + per_bank);
      tiles_.next_turn();
      for (std::size_t i = first; i < end; ++i) {
        const KeyTile& tile = block.tiles[i];
        b_.nc_transpose(tiles_.turned(static_cast<std::int64_t>(i - first) * kPartitions, tile.keys,
                                      {{1, block.queries}}),
                        weights(step, tile.start - block.start(), tile.keys));
      }
      // Tiles of the same height leave PSUM together.
      for (std::size_t i = first; i < end;) {
        std::size_t next = i + 1;
        while (next < end && block.tiles[next].keys == block.tiles[i].keys) {
          ++next;
        }
        b_.tensor_copy(
            tiles_.emptied_by(), turned_weights(step, i, next - i),
            tiles_.turned(
                static_cast<std::int64_t>(i - first) * kPartitions, block.tiles[i].keys,
                {{kPartitions, static_cast<std::int64_t>(next - i)}, {1, block.queries}}));
        i = next;
      }
    }
  }

  /// Weights times values, added to those of the blocks before.
  void apply(const Step& step) {
    const AttentionBlock& block = *step.block;
    const Access product =
        products_.at(0, block.queries, step.number % 2 * kPartitions, {{1, sizes_.width}});
    for (std::size_t i = 0; i < block.tiles.size(); ++i) {
      b_.nc_matmul(product, turned_weights(step, i, 1), tiles_.values(kv_of(step), block.tiles[i]),
                   static_cast<std::int64_t>(i));
    }
    const Access sum =
        sum_of_values_.at(0, block.queries, step.run % 2 * sizes_.width, {{1, sizes_.width}});
    if (!block.first) {
      b_.scalar_tensor_tensor(sum, sum, AluOp::Multiply,
                              per_partition(correction_.at(step.number, block.queries)), AluOp::Add,
                              product);
    } else if (!block.last) {
      b_.tensor_copy(Engine::Vector, sum, product);
    }
    if (block.last) {
      b_.tensor_scalar(Engine::Vector, result(block, {step.head, 1}), block.first ? product : sum,
                       AluOp::Divide, per_partition(sum_.at(step.run, block.queries)));
    }
  }

  struct Heads {
    std::int64_t first = 0;
    std::int64_t count = 0;
  };

  Access result(const AttentionBlock& block, Heads heads) const {
    const std::int64_t turn = block.query / kPartitions % 2 * heads_ * sizes_.width;
    return result_.at(0, block.queries, turn + heads.first * sizes_.width,
                      {{1, heads.count * sizes_.width}});
  }

  /// With the last head of a tile of queries.
  void store(const Step& step) {
    const AttentionBlock& block = *step.block;
    if (!block.last || step.head + 1 != heads_) {
      return;
    }
    const std::int64_t width = sizes_.width;
    const std::int64_t pitch = sizes_.heads * width;
    const isa::TensorRef out = to_.tensor(to_.result(call_));
    const isa::Expr origin = kv_head_ * (sizes_.group * width);
    Access from = result(block, {0, heads_});
    if (sizes_.stacked) {
      from.dims = {{width, heads_}, {1, width}};
      to_.store(out.at(origin, {{width, sizes_.group}, {sizes_.group * width, heads_}, {1, width}}),
                from);
    } else {
      to_.store(out.at(origin + block.query * pitch, {{pitch, block.queries}, {1, heads_ * width}}),
                from);
    }
  }

  Lowering& to_;
  isa::Builder& b_;
  const Call& call_;
  const AttentionSizes sizes_;
  const double scale_;
  const std::int64_t kv_heads_;  // at once
  const std::int64_t heads_;     // query heads at once, or groups when stacked
  AttentionTiles tiles_;
  const std::vector<AttentionBlock> blocks_;
  std::vector<Step> steps_;
  Statistic block_largest_, largest_, shift_, block_sum_, sum_, drop_, correction_;
  BufferRef weights_, weights_turned_, sum_of_values_, result_, mask_, identity_, scores_,
      products_;
  isa::Expr kv_head_;  // the first of those loaded
};

}  // namespace

void lower_attention(Lowering& to, const Call& call) {
  Attention(to, call).run();
}

}  // namespace nsim::ml
