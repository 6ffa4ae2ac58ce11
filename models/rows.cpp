// SPDX-License-Identifier: Apache-2.0
// softmax, layernorm, rmsnorm and reduce.
#include "models/rows.h"

#include <algorithm>

namespace nsim::ml {
namespace {

using isa::Access;
using isa::BufferRef;
using isa::Engine;
using num::Activation;
using num::AluOp;

constexpr std::int64_t kBnStatsElements = 512;  // bn_stats takes

}  // namespace

RowsOf rows_of(const Shape& shape) {
  return {product(shape) / shape.back(), shape.back()};
}

void for_row_tiles(Lowering& to, const Call& call,
                   const std::function<void(const RowTile&)>& body) {
  const ModelTensor& in = call.input(0);
  const ModelTensor& out = to.result(call);
  const std::int64_t width = rows_of(in.shape).width;
  const Share part = to.share(rows_of(in.shape).rows);
  const Turns data = to.turns("data", in.dtype, width);
  const Turns result = to.turns("result", out.dtype, width);
  to.tiles("row", part.size, kPartitions, [&](const Tile& row) {
    const auto in_hbm = [&](const ModelTensor& tensor) {
      return to.tensor(tensor).at((part.start + row.start) * width, {{1, row.size * width}});
    };
    const RowTile tile{row.index, row.size, data.at(row.index, row.size, width),
                       result.at(row.index, row.size, width)};
    to.load(tile.data, in_hbm(in));
    body(tile);
    to.store(in_hbm(out), tile.result);
  });
}

RowVector::RowVector(Lowering& to, const ModelTensor& tensor)
    : width_(tensor.shape.back()), buffer_(to.sbuf(tensor.name, tensor.dtype, width_)) {
  to.load(buffer_.at(0, {{1, width_}}), to.tensor(tensor).at(0, {{0, kPartitions}, {1, width_}}));
}

void lower_softmax(Lowering& to, const Call& call) {
  isa::Builder& b = to.builder();
  const double scale = call.number("scale", 1);
  const RowScalars extreme(to, "extreme");
  const RowScalars shift(to, "shift");
  const RowScalars sum(to, "sum");
  const RowScalars inverse(to, "inverse");
  const std::int64_t width = rows_of(call.shape(0)).width;
  const Turns weights = to.turns("weights", num::Dtype::Fp32, width);
  for_row_tiles(to, call, [&](const RowTile& tile) {
    const Access weight = weights.at(tile.index, tile.rows, width);
    // exp(scale * x - largest of scale * x): a negative scale turns the smallest into the largest.
    b.tensor_reduce(extreme.at(tile), tile.data, scale >= 0 ? AluOp::Maximum : AluOp::Minimum);
    b.tensor_scalar(Engine::Vector, shift.at(tile), extreme.at(tile), AluOp::Multiply,
                    immediate(-scale));
    b.activation_reduce(weight, sum.at(tile), tile.data, Activation::Exp, immediate(scale),
                        per_partition(shift.at(tile)));
    b.reciprocal(inverse.at(tile), sum.at(tile));
    b.tensor_scalar(Engine::Vector, tile.result, weight, AluOp::Multiply,
                    per_partition(inverse.at(tile)));
  });
}

void lower_layernorm(Lowering& to, const Call& call) {
  isa::Builder& b = to.builder();
  const std::int64_t width = rows_of(call.shape(0)).width;
  const std::int64_t parts = ceil_div(width, kBnStatsElements);
  const RowVector gamma(to, call.input(1));
  const RowVector beta(to, call.input(2));
  const RowScalars moments(to, "moments", 2);
  const RowScalars deviation(to, "deviation");
  const RowScalars statistics(to, "statistics", 3 * parts);
  // What stands between is rounded as the input is: 2-byte operands are twice as fast or more.
  const Turns normal = to.turns("normal", call.input(0).dtype, width);
  const Turns scaled = to.turns("scaled", call.input(0).dtype, width);
  for_row_tiles(to, call, [&](const RowTile& tile) {
    Lowering::unrolled_tiles(width, kBnStatsElements, [&](const Tile& part) {
      Access data = tile.data;
      data.offset = data.offset + part.start;
      data.dims = {{1, part.size}};
      Access three = statistics.at(tile, part.start.constant / kBnStatsElements * 3);
      three.dims = {{1, 3}};
      b.bn_stats(three, data);
    });
    b.bn_aggr(moments.all(tile), statistics.all(tile));
    // 1 / sqrt(variance + epsilon), on Vector: no function table to load.
    b.tensor_scalar(Engine::Vector, deviation.at(tile), moments.at(tile, 1), AluOp::Add,
                    immediate(call.number("epsilon", 1e-5)), AluOp::Power, immediate(-0.5));
    const auto whole = [&](const Turns& buffer) { return buffer.at(tile.index, tile.rows, width); };
    b.tensor_scalar(Engine::Vector, whole(normal), tile.data, AluOp::Subtract,
                    per_partition(moments.at(tile)), AluOp::Multiply,
                    per_partition(deviation.at(tile)));
    b.tensor_tensor(Engine::Vector, whole(scaled), whole(normal), gamma.at(tile), AluOp::Multiply);
    b.tensor_tensor(Engine::GpSimd, tile.result, whole(scaled), beta.at(tile), AluOp::Add);
  });
}

void lower_rmsnorm(Lowering& to, const Call& call) {
  isa::Builder& b = to.builder();
  const std::int64_t width = rows_of(call.shape(0)).width;
  const RowVector gamma(to, call.input(1));
  const RowScalars sum(to, "sum");
  const RowScalars mean(to, "mean");
  const RowScalars factor(to, "factor");
  const BufferRef squares = to.sbuf("squares", num::Dtype::Bf16, width);  // only their sum is used
  const Turns normal = to.turns("normal", call.input(0).dtype, width);
  for_row_tiles(to, call, [&](const RowTile& tile) {
    b.activation_reduce(squares.at(0, tile.rows, 0, {{1, width}}), sum.at(tile), tile.data,
                        Activation::Square);
    b.tensor_scalar(Engine::Vector, mean.at(tile), sum.at(tile), AluOp::Multiply,
                    immediate(1.0 / static_cast<double>(width)), AluOp::Add,
                    immediate(call.number("epsilon", 1e-5)));
    b.tensor_scalar(Engine::Vector, factor.at(tile), mean.at(tile), AluOp::Power, immediate(-0.5));
    const Access scaled = normal.at(tile.index, tile.rows, width);
    b.tensor_scalar(Engine::Vector, scaled, tile.data, AluOp::Multiply,
                    per_partition(factor.at(tile)));
    b.tensor_tensor(Engine::Vector, tile.result, scaled, gamma.at(tile), AluOp::Multiply);
  });
}

void lower_reduce(Lowering& to, const Call& call) {
  isa::Builder& b = to.builder();
  const ModelTensor& in = call.input(0);
  const ModelTensor& out = to.result(call);
  const std::string op = call.text("op", "add");
  const AluOp alu = op == "max" ? AluOp::Maximum : AluOp::Add;
  const auto [rows, width] = rows_of(in.shape);
  const Share part = to.share(rows);
  constexpr std::int64_t kMaxColumns = 8192;
  const std::int64_t columns = std::min(width, kMaxColumns);
  const std::int64_t pieces = ceil_div(width, columns);
  const Turns data = to.turns("data", in.dtype, columns);
  const Turns partial = to.turns("partial", num::Dtype::Fp32, pieces);
  const Turns total = to.turns("total", num::Dtype::Fp32, 1);
  const Turns result = to.turns("result", out.dtype, 1);
  const double factor = op == "mean" ? 1.0 / static_cast<double>(width) : 1.0;
  // Long rows are reduced piece by piece, then the pieces.
  to.tiles("row", part.size, kPartitions, [&, row_width = width](const Tile& row) {
    to.tiles("piece", row_width, columns, [&](const Tile& piece) {
      const Index& now = pieces > 1 ? piece.index : row.index;
      const Access from = data.at(now, row.size, piece.size);
      to.load(from, to.tensor(in).at((part.start + row.start) * row_width + piece.start,
                                     {{row_width, row.size}, {1, piece.size}}));
      b.tensor_reduce(partial.at(row.index, row.size, piece.index.times(1), {{1, 1}}), from, alu);
    });
    const Access reduced = result.at(row.index, row.size, 1);
    const Access sum = total.at(row.index, row.size, 1);
    b.tensor_reduce(sum, partial.at(row.index, row.size, pieces), alu);
    b.tensor_scalar(Engine::Vector, reduced, sum, AluOp::Multiply, immediate(factor));
    to.store(to.tensor(out).at(part.start + row.start, {{1, row.size}}), reduced);
  });
}

}  // namespace nsim::ml
