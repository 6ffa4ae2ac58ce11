// SPDX-License-Identifier: Apache-2.0
// Operators that move data: transpose, embedding and rope.
#include <algorithm>

#include "models/lowering.h"

namespace nsim::ml {
namespace {

using isa::Access;
using isa::BufferRef;
using isa::Engine;
using isa::Expr;
using num::AluOp;

// Blocks of a transpose: long runs both in what is loaded and in what is stored.
constexpr std::int64_t kBlockRows = 1024;
constexpr std::int64_t kBlockColumns = 1024;

class Transposer {
 public:
  Transposer(Lowering& to, const ModelTensor& in, const ModelTensor& out)
      : to_(to),
        in_(in),
        out_(out),
        rows_(in.shape[0]),
        columns_(in.shape[1]),
        part_(to.share(rows_)) {
    data_ = to.sbuf("data", in.dtype, 2 * kBlockRows / kPartitions * kBlockColumns);
    result_ = to.sbuf("result", out.dtype, 2 * kBlockRows);
    turned_ = to.psum("turned", in.dtype, to.banks());
  }

  void run() {
    to_.tiles("row_block", part_.size, kBlockRows, [&](const Tile& rows) {
      to_.tiles("column_block", columns_, kBlockColumns, [&](const Tile& columns) {
        const Index& now = columns_ > kBlockColumns ? columns.index : rows.index;
        const Expr turn = now.turn(2, kBlockRows / kPartitions * kBlockColumns);
        load(rows, columns, turn);
        to_.tiles("column", columns.size, kPartitions,
                  [&](const Tile& column) { turn_column(rows, columns, column, turn); });
      });
    });
  }

 private:
  void load(const Tile& rows, const Tile& columns, const Expr& turn) {
    const isa::TensorRef from = to_.tensor(in_);
    const Expr origin = (part_.start + rows.start) * columns_ + columns.start;
    const std::int64_t whole = rows.size / kPartitions;
    const std::int64_t rest = rows.size % kPartitions;
    if (whole > 0) {
      to_.load(
          data_.at(turn, {{kBlockColumns, whole}, {1, columns.size}}),
          from.at(origin,
                  {{columns_, kPartitions}, {kPartitions * columns_, whole}, {1, columns.size}}));
    }
    if (rest > 0) {
      to_.load(
          data_.at(0, rest, turn + whole * kBlockColumns, {{1, columns.size}}),
          from.at(origin + whole * kPartitions * columns_, {{columns_, rest}, {1, columns.size}}));
    }
  }

  /// 128 columns of the block become 128 rows of the result.
  void turn_column(const Tile& rows, const Tile& columns, const Tile& column, const Expr& turn) {
    const std::int64_t bank = to_.bank(in_.dtype);
    const std::int64_t banks = ceil_div(kBlockRows, bank);
    const Expr psum = column.index.turn(to_.banks() / banks, banks * bank);
    const Expr into = column.index.turn(2, kBlockRows);
    Lowering::unrolled_tiles(rows.size, bank, [&](const Tile& group) {
      Lowering::unrolled_tiles(group.size, kPartitions, [&](const Tile& row) {
        const Expr from =
            group.index.times(bank / kPartitions * kBlockColumns) + row.index.times(kBlockColumns);
        to_.builder().nc_transpose(
            turned_.at(0, column.size, psum + group.start + row.start, {{1, row.size}}),
            data_.at(0, row.size, turn + from + column.start, {{1, column.size}}));
      });
      scalar_next_ = !scalar_next_;
      to_.builder().tensor_copy(scalar_next_ ? Engine::Vector : Engine::Scalar,
                                result_.at(0, column.size, into + group.start, {{1, group.size}}),
                                turned_.at(0, column.size, psum + group.start, {{1, group.size}}));
    });
    to_.store(to_.tensor(out_).at((columns.start + column.start) * rows_ + part_.start + rows.start,
                                  {{rows_, column.size}, {1, rows.size}}),
              result_.at(0, column.size, into, {{1, rows.size}}));
  }

  Lowering& to_;
  const ModelTensor& in_;
  const ModelTensor& out_;
  std::int64_t rows_, columns_;
  Share part_;
  BufferRef data_, result_, turned_;
  bool scalar_next_ = false;
};

}  // namespace

void lower_transpose(Lowering& to, const Call& call) {
  Transposer(to, call.input(0), to.result(call)).run();
}

void lower_embedding(Lowering& to, const Call& call) {
  const ModelTensor& table = call.input(0);
  const ModelTensor& out = to.result(call);
  const std::int64_t width = table.shape[1];
  const Share part = to.share(out.shape[0]);
  const Turns ids = to.turns("ids", num::Dtype::Int32, 1);
  const Turns rows = to.turns("rows", table.dtype, width);
  to.tiles("row", part.size, kPartitions, [&](const Tile& tile) {
    const Expr start = part.start + tile.start;
    const Access id = ids.at(tile.index, tile.size, 1);
    const Access row = rows.at(tile.index, tile.size, width);
    to.load(id, to.tensor(call.input(1)).at(start, {{1, tile.size}}));
    to.builder().dma_gather(row, to.tensor(table).at(0, {{1, width}}), id);
    to.store(to.tensor(out).at(start * width, {{1, tile.size * width}}), row);
  });
}

// In every head the first half of the columns and the second are the two coordinates that are
// rotated: first' = first * cos - second * sin, second' = second * cos + first * sin.
void lower_rope(Lowering& to, const Call& call) {
  const ModelTensor& in = call.input(0);
  const ModelTensor& out = to.result(call);
  const std::int64_t heads = call.integer("heads", 1);
  const std::int64_t width = in.shape[1];
  const std::int64_t half = width / heads / 2;
  const Share part = to.share(in.shape[0]);
  const Turns data = to.turns("data", in.dtype, width);
  const Turns result = to.turns("result", out.dtype, width);
  const Turns cos = to.turns("cos", call.input(1).dtype, half);
  const Turns sin = to.turns("sin", call.input(2).dtype, half);
  const BufferRef products = to.sbuf("products", num::Dtype::Fp32, 4 * heads * half);
  to.tiles("row", part.size, kPartitions, [&](const Tile& row) {
    const Expr start = part.start + row.start;
    const auto whole = [&](const Turns& buffer, std::int64_t columns) {
      return buffer.at(row.index, row.size, columns);
    };
    to.load(whole(data, width), to.tensor(in).at(start * width, {{1, row.size * width}}));
    to.load(whole(cos, half), to.tensor(call.input(1)).at(start * half, {{1, row.size * half}}));
    to.load(whole(sin, half), to.tensor(call.input(2)).at(start * half, {{1, row.size * half}}));
    const auto coordinate = [&](const Turns& buffer, int which) {
      return buffer.at(row.index, row.size, which * half, {{2 * half, heads}, {1, half}});
    };
    const auto every_head = [&](const Turns& buffer) {
      return buffer.at(row.index, row.size, 0, {{0, heads}, {1, half}});
    };
    const auto product = [&](int which) {
      return products.at(0, row.size, which * heads * half, {{half, heads}, {1, half}});
    };
    // One coordinate on each of the two engines that can.
    isa::Builder& b = to.builder();
    for (const int which : {0, 1}) {
      const Engine engine = which == 0 ? Engine::Vector : Engine::GpSimd;
      const Access by_cos = product(2 * which);
      const Access by_sin = product(2 * which + 1);
      b.tensor_tensor(engine, by_cos, coordinate(data, which), every_head(cos), AluOp::Multiply);
      b.tensor_tensor(engine, by_sin, coordinate(data, 1 - which), every_head(sin),
                      AluOp::Multiply);
      b.tensor_tensor(engine, coordinate(result, which), by_cos, by_sin,
                      which == 0 ? AluOp::Subtract : AluOp::Add);
    }
    to.store(to.tensor(out).at(start * width, {{1, row.size * width}}), whole(result, width));
  });
}

}  // namespace nsim::ml
