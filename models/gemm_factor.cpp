// SPDX-License-Identifier: Apache-2.0
#include "models/gemm_factor.h"

#include <algorithm>

namespace nsim::ml {
namespace {

using isa::Expr;

// A DMA of about 1 MiB: large enough to hide what every one costs, small enough to start the
// products early.
constexpr std::int64_t kLoadBytesPerPartition = 8 * 1024;

}  // namespace

TransposeRoom::TransposeRoom(Lowering& to, const Gemm& gemm)
    : columns_(std::min(ceil_div(gemm.k, kPartitions), kStagedTiles) * kPartitions),
      stage_(to.sbuf("stage", gemm.dtype, 2 * columns_)),
      psum_(to.psum("transposed", gemm.dtype, kBanks)) {}

GemmFactor::GemmFactor(Lowering& to, const Gemm& gemm, bool rhs, isa::TensorRef tensor,
                       const Room& room, const std::optional<TransposeRoom>& transpose,
                       PsumReaders& readers)
    : to_(to),
      gemm_(gemm),
      side_(gemm.side(rhs)),
      direct_(loads_directly(gemm, rhs)),
      interleaved_(loads_directly(gemm, false) || loads_directly(gemm, true)),
      room_(room),
      k_tiles_(ceil_div(gemm.k, kPartitions)),
      tensor_(tensor),
      transpose_(transpose),
      readers_(readers) {
  k_step_ = direct_ ? 1 : room.columns;
  x_step_ = direct_ ? room.k_tiles : 1;
  turn_stride_ = aligned(room.k_tiles * room.columns, gemm.dtype);
  buffer_ =
      side_.on_chip ? *side_.on_chip : to.sbuf(room.name, gemm.dtype, room.turns * turn_stride_);
}

void GemmFactor::load(const Tile& x, const KRange& k, const Expr& turn) {
  if (side_.on_chip) {
    return;
  }
  if (direct_) {
    load_directly(x, k, turn);
  } else if (side_.k_rows) {
    load_rows(x, k, turn);
  } else {
    load_transposed(x, k, turn);
  }
}

// Partition p gets the rows p * k_tiles to (p + 1) * k_tiles of K: contiguous in HBM. The other
// factor follows.
void GemmFactor::load_directly(const Tile& x, const KRange& k, const Expr& turn) {
  to_.load(buffer_.at(turn, {{x_step_, x.size}, {1, k.count}}),
           tensor_.at(side_.origin + x.start * side_.pitch + k.first,
                      {{k_tiles_, kPartitions}, {side_.pitch, x.size}, {1, k.count}}));
}

void GemmFactor::load_rows(const Tile& x, const KRange& k, const Expr& turn) {
  const std::int64_t row_step = interleaved_ ? k_tiles_ * side_.pitch : side_.pitch;
  const std::int64_t tile_step = interleaved_ ? side_.pitch : kPartitions * side_.pitch;
  const Expr origin = side_.origin + x.start + k.first * tile_step;
  const std::int64_t at_once =
      std::max<std::int64_t>(1, kLoadBytesPerPartition / (x.size * bytes_of(gemm_.dtype)));
  to_.tiles("load", k.whole, at_once, [&](const Tile& tiles) {
    to_.load(buffer_.at(turn + tiles.start * k_step_, {{k_step_, tiles.size}, {1, x.size}}),
             tensor_.at(origin + tiles.start * tile_step,
                        {{row_step, kPartitions}, {tile_step, tiles.size}, {1, x.size}}));
  });
  if (k.rest > 0) {
    to_.load(buffer_.at(0, k.rest, turn + k.whole * k_step_, {{1, x.size}}),
             tensor_.at(origin + k.whole * tile_step, {{row_step, k.rest}, {1, x.size}}));
  }
}

void GemmFactor::load_transposed(const Tile& x, const KRange& k, const Expr& turn) {
  const std::int64_t columns = k.whole * kPartitions + k.rest;
  const std::int64_t stage_columns = transpose_->columns();
  to_.tiles("stage_row", x.size, kPartitions, [&](const Tile& rows) {
    const Expr from = side_.origin + (x.start + rows.start) * side_.pitch + k.first * kPartitions;
    to_.tiles("stage", columns, stage_columns, [&](const Tile& staged) {
      const Index& taking_turns = columns > stage_columns ? staged.index
                                  : x.size > kPartitions  ? rows.index
                                                          : x.index;
      const Expr stage = taking_turns.turn(2, stage_columns);
      to_.load(transpose_->stage().at(0, rows.size, stage, {{1, staged.size}}),
               tensor_.at(from + staged.start, {{side_.pitch, rows.size}, {1, staged.size}}));
      const Expr into =
          turn + staged.index.times(stage_columns / kPartitions * k_step_) + rows.start;
      transpose(rows.size, staged.size, stage, into, taking_turns);
    });
  });
}

/// The staged [rows, columns] to tiles of [columns, rows] from `into` on, a PSUM bank at a time.
void GemmFactor::transpose(std::int64_t rows, std::int64_t columns, const Expr& stage,
                           const Expr& into, const Index& taking_turns) {
  const std::int64_t bank = to_.bank(gemm_.dtype);
  const isa::BufferRef& turned = transpose_->psum();
  Lowering::unrolled_tiles(columns, bank, [&](const Tile& group) {
    const Index& turn = columns > bank ? group.index : taking_turns;
    const Expr psum = turn.turn(TransposeRoom::kBanks, bank);
    Lowering::unrolled_tiles(group.size, kPartitions, [&](const Tile& tile) {
      to_.builder().nc_transpose(
          turned.at(0, tile.size, psum + tile.start, {{1, rows}}),
          transpose_->stage().at(0, rows, stage + group.start + tile.start, {{1, tile.size}}));
    });
    const Expr dst = into + group.index.times(bank / kPartitions * k_step_);
    const std::int64_t whole = group.size / kPartitions;
    const std::int64_t rest = group.size % kPartitions;
    const isa::Engine engine = readers_.next();
    if (whole > 0) {
      to_.builder().tensor_copy(engine, buffer_.at(dst, {{k_step_, whole}, {1, rows}}),
                                turned.at(psum, {{kPartitions, whole}, {1, rows}}));
    }
    if (rest > 0) {
      to_.builder().tensor_copy(engine, buffer_.at(0, rest, dst + whole * k_step_, {{1, rows}}),
                                turned.at(0, rest, psum + whole * kPartitions, {{1, rows}}));
    }
  });
}

}  // namespace nsim::ml
