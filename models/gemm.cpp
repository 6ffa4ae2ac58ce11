// SPDX-License-Identifier: Apache-2.0
#include "models/gemm.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "models/gemm_factor.h"

namespace nsim::ml {
namespace {

using isa::Access;
using isa::Engine;
using isa::Expr;

class GemmEmitter {
 public:
  GemmEmitter(Lowering& to, const Call& call, const Gemm& gemm, std::int64_t bytes)
      : to_(to),
        b_(to.builder()),
        g_(gemm),
        plan_(plan_gemm(gemm, call, bytes)),
        k_tiles_(ceil_div(gemm.k, kPartitions)),
        transpose_(needs_transpose(gemm) ? std::optional<TransposeRoom>(std::in_place, to, gemm)
                                         : std::nullopt),
        factor_{make_factor(false, gemm.lhs.tensor, "lhs"),
                make_factor(true, gemm.rhs.tensor, "rhs")} {
    if (g_.gate) {
      gate_.emplace(make_factor(!plan_.resident_rhs, *g_.gate, "gate"));
      gated_ = to_.sbuf("gated", num::Dtype::Fp32, 2 * kMovingColumns);
    }
    const std::int64_t columns = plan_.block(true);
    if (!g_.out_on_chip) {
      out_ = to_.turns("out", g_.out_dtype, columns, kResultTurns);
    }
    if (g_.bias) {
      const std::int64_t values =
          g_.bias_per_row ? ceil_div(plan_.block(false), kPartitions) : columns;
      bias_ = to_.turns("bias", g_.bias_dtype, values);
    }
    if (plan_.k_blocks > 1) {
      partial_ = to_.sbuf("partial", num::Dtype::Fp32,
                          ceil_div(plan_.block(false), kPartitions) * columns * factors());
    }
    const std::int64_t banks = to_.banks() - (transpose_ ? TransposeRoom::kBanks : 0);
    product_ = to_.psum("product", num::Dtype::Fp32, banks);
    bank_ = to_.bank(num::Dtype::Fp32);
    row_banks_ = ceil_div(columns, kMovingColumns) * factors();
    product_turns_ = banks / row_banks_;
  }

  void run() {
    const bool resident = plan_.resident_rhs;
    const bool streamed = !resident;
    to_.tiles(
        name(resident) + "_block", g_.extent(resident), plan_.resident, [&](const Tile& block) {
          factor_[resident].load(block, k_range(0, k_tiles_), factor_[resident].turn(block.index));
          load_bias(resident, block);
          // Strips that the Tensor engine transposes are ready one ahead.
          if (plan_.k_blocks == 1 && transposes(g_, streamed)) {
            to_.prepared_tiles(
                name(streamed), g_.extent(streamed), plan_.streamed,
                [&](const Tile& strip) { load_strip(strip, 0); },
                [&](const Tile& strip) { multiply_strip(block, strip, 0); });
            return;
          }
          to_.tiles(name(streamed), g_.extent(streamed), plan_.streamed, [&](const Tile& strip) {
            for (std::int64_t part = 0; part < plan_.k_blocks; ++part) {
              load_strip(strip, part);
              multiply_strip(block, strip, part);
            }
          });
        });
  }

 private:
  static std::string name(bool rhs) { return rhs ? "column" : "row"; }
  static bool transposes(const Gemm& gemm, bool rhs) {
    return !gemm.side(rhs).k_rows && !loads_directly(gemm, rhs);
  }
  static bool needs_transpose(const Gemm& gemm) {
    return transposes(gemm, false) || transposes(gemm, true);
  }

  GemmFactor make_factor(bool rhs, isa::TensorRef tensor, const std::string& buffer_name) {
    const bool resident = rhs == plan_.resident_rhs;
    const GemmFactor::Room room{buffer_name, resident ? plan_.resident_turns : 2,
                                resident ? k_tiles_ : plan_.k_tiles, plan_.block(rhs)};
    return {to_, g_, rhs, tensor, room, transpose_, readers_};
  }

  std::int64_t factors() const { return g_.gate ? 2 : 1; }

  KRange k_range(std::int64_t first, std::int64_t count) const {
    KRange range{first, std::min(count, k_tiles_ - first), 0, 0};
    range.whole = std::min(range.count, g_.k / kPartitions - first);
    range.rest = range.whole < range.count ? g_.k % kPartitions : 0;
    return range;
  }
  KRange part_range(std::int64_t part) const {
    return k_range(part * plan_.k_tiles, plan_.k_tiles);
  }

  void load_bias(bool rhs, const Tile& x) {
    if (!g_.bias || g_.bias_per_row == rhs) {
      return;
    }
    const Expr from = g_.bias_origin + x.start;
    if (!g_.bias_per_row) {
      const std::int64_t rows = std::min(g_.m, kPartitions);
      to_.load(bias_.at(x.index, rows, x.size), g_.bias->at(from, {{0, rows}, {1, x.size}}));
      return;
    }
    const std::int64_t whole = x.size / kPartitions;
    const std::int64_t rest = x.size % kPartitions;
    if (whole > 0) {
      to_.load(bias_.at(x.index, kPartitions, whole),
               g_.bias->at(from, {{1, kPartitions}, {kPartitions, whole}}));
    }
    if (rest > 0) {
      to_.load(bias_.at(x.index, rest, whole, {{1, 1}}),
               g_.bias->at(from + whole * kPartitions, {{1, rest}}));
    }
  }

  Expr strip_turn(const Tile& strip, std::int64_t part) const {
    return factor_[!plan_.resident_rhs].turn(plan_.k_blocks > 1 ? Index(part) : strip.index);
  }

  /// One block of K of a strip.
  void load_strip(const Tile& strip, std::int64_t part) {
    const bool streamed = !plan_.resident_rhs;
    if (part == 0) {
      load_bias(streamed, strip);
    }
    factor_[streamed].load(strip, part_range(part), strip_turn(strip, part));
    if (gate_) {
      gate_->load(strip, part_range(part), strip_turn(strip, part));
    }
  }

  /// Past the resident block.
  void multiply_strip(const Tile& block, const Tile& strip, std::int64_t part) {
    const bool streamed = !plan_.resident_rhs;
    const Expr resident_turn = factor_[!streamed].turn(block.index);
    const Expr turn = strip_turn(strip, part);
    const Tile& rows = streamed ? block : strip;
    const Tile& columns = streamed ? strip : block;
    const Expr turns[2] = {streamed ? resident_turn : turn, streamed ? turn : resident_turn};
    to_.tiles("tile", rows.size, kPartitions, [&](const Tile& row) {
      const Index now = rows.size > kPartitions ? row.index : strip.index;
      Lowering::unrolled_tiles(columns.size, kMovingColumns, [&](const Tile& column) {
        multiply(row, column, part_range(part), turns, now);
        finish(Place{row, column, now, rows.index, columns}, part);
      });
      if (part + 1 == plan_.k_blocks && !g_.out_on_chip) {
        to_.store(g_.out.at(g_.out_origin + (rows.start + row.start) * g_.out_pitch + columns.start,
                            {{g_.out_pitch, row.size}, {1, columns.size}}),
                  out_.at(now, row.size, columns.size));
      }
    });
  }

  /// One tile of the result, within the blocks of both sides.
  struct Place {
    const Tile& row;
    const Tile& column;
    const Index& now;  // what PSUM and result buffers take turns by
    const Index& row_block;
    const Tile& columns;  // the block
  };

  Access product(const Tile& row, const Tile& column, const Index& now, std::int64_t factor) const {
    const Expr banks = column.index.times(factors() * bank_) + factor * bank_;
    return product_.at(0, row.size, now.turn(product_turns_, row_banks_ * bank_) + banks,
                       {{1, column.size}});
  }

  void multiply(const Tile& row, const Tile& column, const KRange& k, const Expr (&turns)[2],
                const Index& now) {
    for (std::int64_t f = 0; f < factors(); ++f) {
      const GemmFactor& lhs = f == 1 && g_.gate_is_lhs ? *gate_ : factor_[0];
      const GemmFactor& rhs = f == 1 && !g_.gate_is_lhs ? *gate_ : factor_[1];
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
        b_.tensor_copy(readers_.next(), sum, addend);
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

  Access result(const Place& at) const {
    if (g_.out_on_chip) {
      const std::int64_t tiles = ceil_div(plan_.block(false), kPartitions);
      const Expr tile = at.row_block.times(tiles * g_.n) + at.row.index.times(g_.n);
      return g_.out_on_chip->at(0, at.row.size, tile + at.columns.start + at.column.start,
                                {{1, at.column.size}});
    }
    return out_.at(at.now, at.row.size, at.column.start, {{1, at.column.size}});
  }

  void finish(const Place& at) {
    const auto from = [&](std::int64_t f) {
      return plan_.k_blocks > 1 ? partial(at, f) : product(at.row, at.column, at.now, f);
    };
    const Access to = result(at);
    if (g_.gate) {
      const Access gated =
          gated_.at(0, at.row.size, at.column.index.turn(2, kMovingColumns), {{1, at.column.size}});
      b_.activation(gated, from(1), g_.function);
      b_.tensor_tensor(Engine::Vector, to, from(0), gated, num::AluOp::Multiply);
    } else if (g_.bias && g_.bias_per_row) {
      b_.activation(
          to, from(0), g_.function, immediate(1),
          per_partition(bias_.at(at.row_block, at.row.size, at.row.index.times(1), {{1, 1}})));
    } else if (g_.bias) {
      const Access bias =
          bias_.at(at.columns.index, at.row.size, at.column.start, {{1, at.column.size}});
      const bool linear = g_.function == num::Activation::Copy;
      b_.tensor_tensor(Engine::Vector, linear ? to : from(0), from(0), bias, num::AluOp::Add);
      if (!linear) {
        b_.activation(to, from(0), g_.function);
      }
    } else if (g_.function != num::Activation::Copy) {
      b_.activation(to, from(0), g_.function);
    } else {
      b_.tensor_copy(readers_.next(), to, from(0));
    }
  }

  Lowering& to_;
  isa::Builder& b_;
  const Gemm& g_;
  const GemmPlan plan_;
  const std::int64_t k_tiles_;
  PsumReaders readers_;
  std::optional<TransposeRoom> transpose_;
  GemmFactor factor_[2];  // lhs and rhs
  std::optional<GemmFactor> gate_;
  Turns out_, bias_;
  isa::BufferRef partial_, gated_, product_;
  std::int64_t bank_ = 0;       // fp32 elements
  std::int64_t row_banks_ = 0;  // banks of a row of output tiles
  std::int64_t product_turns_ = 1;
};

}  // namespace

void emit_gemm(Lowering& to, const Call& call, const Gemm& gemm, std::int64_t bytes) {
  GemmEmitter(to, call, gemm, bytes).run();
}

}  // namespace nsim::ml
