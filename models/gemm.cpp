// SPDX-License-Identifier: Apache-2.0
#include "models/gemm.h"

#include <algorithm>
#include <utility>

namespace nsim::ml {
namespace {

using isa::Access;
using isa::Engine;
using isa::Expr;

// A DMA of about 1 MiB: large enough to hide what every one costs, small enough to start the
// products early.
constexpr std::int64_t kLoadBytesPerPartition = 8 * 1024;
constexpr std::int64_t kTransposeBanks = 2;

/// A factor in SBUF: element (k tile t, column x) of buffer row p is at t * k_step + x * x_step.
struct Factor {
  isa::TensorRef tensor;
  isa::BufferRef buffer;
  int turns = 1;
  std::int64_t k_tiles = 0;  // room for
  std::int64_t k_step = 0;
  std::int64_t x_step = 1;
  std::int64_t turn_stride = 0;

  Access at(std::int64_t rows, const Expr& turn, const Expr& k, const Tile& x) const {
    return buffer.at(0, rows, turn + k * k_step + x.start * x_step, {{x_step, x.size}});
  }
};

/// Tiles `first` to `first + count` of K.
struct KRange {
  std::int64_t first = 0;
  std::int64_t count = 0;
  std::int64_t whole = 0;  // of them, with all 128 rows
  std::int64_t rest = 0;   // rows of the last one, when it is not whole
};

class GemmEmitter {
 public:
  GemmEmitter(Lowering& to, const Call& call, const Gemm& gemm)
      : to_(to),
        b_(to.builder()),
        g_(gemm),
        plan_(plan_gemm(gemm, call, to.sbuf_left())),
        k_tiles_(ceil_div(gemm.k, kPartitions)),
        interleaved_(loads_directly(gemm, false) || loads_directly(gemm, true)) {
    allocate();
  }

  void run() {
    const bool resident = plan_.resident_rhs;
    to_.tiles(
        name(resident) + "_block", g_.extent(resident), plan_.resident, [&](const Tile& block) {
          const Expr turn = block.index.turn(plan_.resident_turns, factor_[resident].turn_stride);
          load(factor_[resident], resident, block, k_range(0, k_tiles_), turn);
          load_bias(resident, block);
          to_.tiles(name(!resident), g_.extent(!resident), plan_.streamed, [&](const Tile& strip) {
            load_bias(!resident, strip);
            for (std::int64_t part = 0; part < plan_.k_blocks; ++part) {
              stream(block, turn, strip, part);
            }
          });
        });
  }

 private:
  static std::string name(bool rhs) { return rhs ? "column" : "row"; }

  void allocate() {
    for (const bool rhs : {false, true}) {
      factor_[rhs] = make_factor(rhs, g_.side(rhs).tensor, rhs ? "rhs" : "lhs");
      needs_transpose_ = needs_transpose_ || (!g_.side(rhs).k_rows && !loads_directly(g_, rhs));
    }
    if (g_.gate) {
      gate_ = make_factor(!plan_.resident_rhs, *g_.gate, "gate");
      gated_ = to_.sbuf("gated", num::Dtype::Fp32, 2 * kMovingColumns);
    }
    const std::int64_t columns = plan_.block(true);
    out_ = to_.sbuf("out", g_.out_dtype, 2 * columns);
    if (g_.bias) {
      bias_stride_ = g_.bias_per_row ? ceil_div(plan_.block(false), kPartitions) : columns;
      bias_ = to_.sbuf("bias", g_.bias_dtype, 2 * bias_stride_);
    }
    if (plan_.k_blocks > 1) {
      partial_ = to_.sbuf("partial", num::Dtype::Fp32,
                          ceil_div(plan_.block(false), kPartitions) * columns * factors());
    }
    if (needs_transpose_) {
      stage_columns_ = std::min(k_tiles_, kStagedTiles) * kPartitions;
      stage_ = to_.sbuf("stage", g_.dtype, 2 * stage_columns_);
      transposed_ = to_.psum("transposed", g_.dtype, kTransposeBanks);
    }
    const std::int64_t banks = to_.banks() - (needs_transpose_ ? kTransposeBanks : 0);
    product_ = to_.psum("product", num::Dtype::Fp32, banks);
    bank_ = to_.bank(num::Dtype::Fp32);
    row_banks_ = ceil_div(columns, kMovingColumns) * factors();
    product_turns_ = banks / row_banks_;
  }

  Factor make_factor(bool rhs, isa::TensorRef tensor, const std::string& buffer_name) {
    Factor made;
    const bool resident = rhs == plan_.resident_rhs;
    const std::int64_t columns = plan_.block(rhs);
    made.tensor = tensor;
    made.turns = resident ? plan_.resident_turns : 2;
    made.k_tiles = resident ? k_tiles_ : plan_.k_tiles;
    made.k_step = loads_directly(g_, rhs) ? 1 : columns;
    made.x_step = loads_directly(g_, rhs) ? made.k_tiles : 1;
    made.turn_stride = made.k_tiles * columns;
    made.buffer = to_.sbuf(buffer_name, g_.dtype, made.turns * made.turn_stride);
    return made;
  }

  std::int64_t factors() const { return g_.gate ? 2 : 1; }

  KRange k_range(std::int64_t first, std::int64_t count) const {
    KRange range{first, std::min(count, k_tiles_ - first), 0, 0};
    range.whole = std::min(range.count, g_.k / kPartitions - first);
    range.rest = range.whole < range.count ? g_.k % kPartitions : 0;
    return range;
  }

  void load(const Factor& factor, bool rhs, const Tile& x, const KRange& k, const Expr& turn) {
    if (loads_directly(g_, rhs)) {
      load_directly(factor, rhs, x, k, turn);
    } else if (g_.side(rhs).k_rows) {
      load_rows(factor, rhs, x, k, turn);
    } else {
      load_transposed(factor, rhs, x, k, turn);
    }
  }

  // Partition p gets the k-th rows p * k_tiles .. (p + 1) * k_tiles: contiguous in HBM. The other
  // factor follows.
  void load_directly(const Factor& factor, bool rhs, const Tile& x, const KRange& k,
                     const Expr& turn) {
    const GemmSide& side = g_.side(rhs);
    to_.load(factor.buffer.at(turn, {{factor.x_step, x.size}, {1, k.count}}),
             factor.tensor.at(side.origin + x.start * side.pitch + k.first,
                              {{k_tiles_, kPartitions}, {side.pitch, x.size}, {1, k.count}}));
  }

  void load_rows(const Factor& factor, bool rhs, const Tile& x, const KRange& k, const Expr& turn) {
    const GemmSide& side = g_.side(rhs);
    const std::int64_t row_step = interleaved_ ? k_tiles_ * side.pitch : side.pitch;
    const std::int64_t tile_step = interleaved_ ? side.pitch : kPartitions * side.pitch;
    const Expr origin = side.origin + x.start + k.first * tile_step;
    const std::int64_t at_once =
        std::max<std::int64_t>(1, kLoadBytesPerPartition / (x.size * bytes_of(g_.dtype)));
    to_.tiles("load", k.whole, at_once, [&](const Tile& tiles) {
      to_.load(factor.buffer.at(turn + tiles.start * factor.k_step,
                                {{factor.k_step, tiles.size}, {1, x.size}}),
               factor.tensor.at(origin + tiles.start * tile_step,
                                {{row_step, kPartitions}, {tile_step, tiles.size}, {1, x.size}}));
    });
    if (k.rest > 0) {
      to_.load(factor.buffer.at(0, k.rest, turn + k.whole * factor.k_step, {{1, x.size}}),
               factor.tensor.at(origin + k.whole * tile_step, {{row_step, k.rest}, {1, x.size}}));
    }
  }

  void load_transposed(const Factor& factor, bool rhs, const Tile& x, const KRange& k,
                       const Expr& turn) {
    const GemmSide& side = g_.side(rhs);
    const std::int64_t columns = k.whole * kPartitions + k.rest;
    to_.tiles("stage_row", x.size, kPartitions, [&](const Tile& rows) {
      const Expr from = side.origin + (x.start + rows.start) * side.pitch + k.first * kPartitions;
      to_.tiles("stage", columns, stage_columns_, [&](const Tile& staged) {
        const Index& taking_turns = columns > stage_columns_ ? staged.index : rows.index;
        const Expr stage = taking_turns.turn(2, stage_columns_);
        to_.load(
            stage_.at(0, rows.size, stage, {{1, staged.size}}),
            factor.tensor.at(from + staged.start, {{side.pitch, rows.size}, {1, staged.size}}));
        const Expr into =
            turn + staged.index.times(stage_columns_ / kPartitions * factor.k_step) + rows.start;
        transpose(factor, rows.size, staged.size, stage, into, taking_turns);
      });
    });
  }

  /// The staged [rows, columns] to tiles of [columns, rows] from `into` on, a PSUM bank at a time.
  void transpose(const Factor& factor, std::int64_t rows, std::int64_t columns, const Expr& stage,
                 const Expr& into, const Index& taking_turns) {
    const std::int64_t bank = to_.bank(g_.dtype);
    const bool one_group = columns <= bank;
    Lowering::unrolled_tiles(columns, bank, [&](const Tile& group) {
      const Expr psum = one_group ? taking_turns.turn(kTransposeBanks, bank)
                                  : group.index.turn(kTransposeBanks, bank);
      Lowering::unrolled_tiles(group.size, kPartitions, [&](const Tile& tile) {
        b_.nc_transpose(transposed_.at(0, tile.size, psum + tile.start, {{1, rows}}),
                        stage_.at(0, rows, stage + group.start + tile.start, {{1, tile.size}}));
      });
      const Expr dst = into + group.index.times(bank / kPartitions * factor.k_step);
      const std::int64_t whole = group.size / kPartitions;
      const std::int64_t rest = group.size % kPartitions;
      const Engine engine = next_engine();
      if (whole > 0) {
        b_.tensor_copy(engine, factor.buffer.at(dst, {{factor.k_step, whole}, {1, rows}}),
                       transposed_.at(psum, {{kPartitions, whole}, {1, rows}}));
      }
      if (rest > 0) {
        b_.tensor_copy(engine, factor.buffer.at(0, rest, dst + whole * factor.k_step, {{1, rows}}),
                       transposed_.at(0, rest, psum + whole * kPartitions, {{1, rows}}));
      }
    });
  }

  void load_bias(bool rhs, const Tile& x) {
    if (!g_.bias || g_.bias_per_row == rhs) {
      return;
    }
    const Expr turn = x.index.turn(2, bias_stride_);
    const Expr from = g_.bias_origin + x.start;
    if (!g_.bias_per_row) {
      const std::int64_t rows = std::min(g_.m, kPartitions);
      to_.load(bias_.at(0, rows, turn, {{1, x.size}}), g_.bias->at(from, {{0, rows}, {1, x.size}}));
      return;
    }
    const std::int64_t whole = x.size / kPartitions;
    const std::int64_t rest = x.size % kPartitions;
    if (whole > 0) {
      to_.load(bias_.at(turn, {{1, whole}}),
               g_.bias->at(from, {{1, kPartitions}, {kPartitions, whole}}));
    }
    if (rest > 0) {
      to_.load(bias_.at(0, rest, turn + whole, {{1, 1}}),
               g_.bias->at(from + whole * kPartitions, {{1, rest}}));
    }
  }

  /// One block of K of one strip past the resident block.
  void stream(const Tile& block, const Expr& resident_turn, const Tile& strip, std::int64_t part) {
    const bool streamed = !plan_.resident_rhs;
    const KRange k = k_range(part * plan_.k_tiles, plan_.k_tiles);
    const Index taking_turns = plan_.k_blocks > 1 ? Index(part) : strip.index;
    const Expr turn = taking_turns.turn(2, factor_[streamed].turn_stride);
    load(factor_[streamed], streamed, strip, k, turn);
    if (g_.gate) {
      load(gate_, streamed, strip, k, turn);
    }
    const Tile& rows = streamed ? block : strip;
    const Tile& columns = streamed ? strip : block;
    const Expr turns[2] = {streamed ? resident_turn : turn, streamed ? turn : resident_turn};
    to_.tiles("tile", rows.size, kPartitions, [&](const Tile& row) {
      const Index now = rows.size > kPartitions ? row.index : strip.index;
      Lowering::unrolled_tiles(columns.size, kMovingColumns, [&](const Tile& column) {
        multiply(row, column, k, turns, now);
        finish(Place{row, column, now, rows.index, columns.index}, part);
      });
      if (part + 1 == plan_.k_blocks) {
        to_.store(g_.out.at(g_.out_origin + (rows.start + row.start) * g_.out_pitch + columns.start,
                            {{g_.out_pitch, row.size}, {1, columns.size}}),
                  out_.at(0, row.size, now.turn(2, plan_.block(true)), {{1, columns.size}}));
      }
    });
  }

  /// One tile of the result, within the blocks of both sides.
  struct Place {
    const Tile& row;
    const Tile& column;
    const Index& now;  // what PSUM and result buffers take turns by
    const Index& row_block;
    const Index& column_block;
  };

  Access product(const Tile& row, const Tile& column, const Index& now, std::int64_t factor) const {
    const Expr banks = column.index.times(factors() * bank_) + factor * bank_;
    return product_.at(0, row.size, now.turn(product_turns_, row_banks_ * bank_) + banks,
                       {{1, column.size}});
  }

  void multiply(const Tile& row, const Tile& column, const KRange& k, const Expr (&turns)[2],
                const Index& now) {
    for (std::int64_t f = 0; f < factors(); ++f) {
      const Factor& lhs = f == 1 && g_.gate_is_lhs ? gate_ : factor_[0];
      const Factor& rhs = f == 1 && !g_.gate_is_lhs ? gate_ : factor_[1];
      const auto step = [&](const Expr& tile, std::int64_t rows) {
        const Expr resident = tile + k.first;
        b_.nc_matmul(product(row, column, now, f),
                     lhs.at(rows, turns[0], plan_.resident_rhs ? tile : resident, row),
                     rhs.at(rows, turns[1], plan_.resident_rhs ? resident : tile, column), tile);
      };
      to_.loop("k", k.whole, [&](const Index& tile) { step(tile.times(1), kPartitions); });
      if (k.rest > 0) {
        step(k.whole, k.rest);
      }
    }
  }

  /// From PSUM to the result buffer, by way of the partial sums when K comes in blocks.
  void finish(const Place& at, std::int64_t part) {
    for (std::int64_t f = 0; f < factors() && plan_.k_blocks > 1; ++f) {
      const Access sum = partial(at, f);
      const Access addend = product(at.row, at.column, at.now, f);
      if (part == 0) {
        b_.tensor_copy(next_engine(), sum, addend);
      } else {
        b_.tensor_tensor(Engine::Vector, sum, addend, sum, num::AluOp::Add);
      }
    }
    if (part + 1 == plan_.k_blocks) {
      finish(at);
    }
  }

  Access partial(const Place& at, std::int64_t factor) const {
    const std::int64_t columns = plan_.block(true);
    return partial_.at(0, at.row.size,
                       at.row.index.times(columns * factors()) + factor * columns + at.column.start,
                       {{1, at.column.size}});
  }

  void finish(const Place& at) {
    const auto from = [&](std::int64_t f) {
      return plan_.k_blocks > 1 ? partial(at, f) : product(at.row, at.column, at.now, f);
    };
    const Access to = out_.at(0, at.row.size, at.now.turn(2, plan_.block(true)) + at.column.start,
                              {{1, at.column.size}});
    if (g_.gate) {
      const Access gated =
          gated_.at(0, at.row.size, at.column.index.turn(2, kMovingColumns), {{1, at.column.size}});
      b_.activation(gated, from(1), g_.function);
      b_.tensor_tensor(Engine::Vector, to, from(0), gated, num::AluOp::Multiply);
    } else if (g_.bias && g_.bias_per_row) {
      const Expr turn = at.row_block.turn(2, bias_stride_);
      b_.activation(
          to, from(0), g_.function, immediate(1),
          per_partition(bias_.at(0, at.row.size, turn + at.row.index.times(1), {{1, 1}})));
    } else if (g_.bias) {
      const Access bias =
          bias_.at(0, at.row.size, at.column_block.turn(2, bias_stride_) + at.column.start,
                   {{1, at.column.size}});
      const bool linear = g_.function == num::Activation::Copy;
      b_.tensor_tensor(Engine::Vector, linear ? to : from(0), from(0), bias, num::AluOp::Add);
      if (!linear) {
        b_.activation(to, from(0), g_.function);
      }
    } else if (g_.function != num::Activation::Copy) {
      b_.activation(to, from(0), g_.function);
    } else {
      b_.tensor_copy(next_engine(), to, from(0));
    }
  }

  /// Copies out of PSUM are divided between the two engines that can read it.
  Engine next_engine() {
    scalar_next_ = !scalar_next_;
    return scalar_next_ ? Engine::Vector : Engine::Scalar;
  }

  Lowering& to_;
  isa::Builder& b_;
  const Gemm& g_;
  const GemmPlan plan_;
  const std::int64_t k_tiles_;
  const bool interleaved_;  // K tile t holds the rows t, t + k_tiles, ...
  bool needs_transpose_ = false;
  bool scalar_next_ = false;

  Factor factor_[2], gate_;  // [0] is lhs, [1] rhs
  isa::BufferRef out_, bias_, partial_, gated_, stage_, transposed_, product_;
  std::int64_t bias_stride_ = 0;
  std::int64_t stage_columns_ = 0;
  std::int64_t bank_ = 0;       // fp32 elements
  std::int64_t row_banks_ = 0;  // banks of a row of output tiles
  std::int64_t product_turns_ = 1;
};

}  // namespace

void emit_gemm(Lowering& to, const Call& call, const Gemm& gemm) {
  GemmEmitter(to, call, gemm).run();
  to.free_buffers();
}

}  // namespace nsim::ml
