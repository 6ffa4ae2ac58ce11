// SPDX-License-Identifier: Apache-2.0
// Operators that look at one element at a time. Where shapes are equal a tensor is one long row,
// cut into tiles of 128 long runs; a vector along the last axis is loaded once into all partitions.
#include <algorithm>
#include <string>

#include "models/lowering.h"

namespace nsim::ml {
namespace {

using isa::Access;
using isa::Engine;

constexpr std::int64_t kMaxColumns = 2048;  // of a tile: runs that keep the DMA engines efficient
constexpr std::int64_t kMinColumns = 256;
constexpr std::int64_t kWantedTiles = 4;  // at least, so that loads, work and stores overlap

num::AluOp alu_op(const std::string& kind) {
  return kind == "add"   ? num::AluOp::Add
         : kind == "sub" ? num::AluOp::Subtract
         : kind == "mul" ? num::AluOp::Multiply
                         : num::AluOp::Maximum;
}

std::int64_t flat_columns(std::int64_t elements) {
  return std::clamp(elements / (kPartitions * kWantedTiles), kMinColumns, kMaxColumns);
}

/// dst = function(a op b), by way of fp32 when there is a function.
void combine(Lowering& to, const Call& call, const Access& dst, const Access& wide, const Access& a,
             const Access& b) {
  const num::Activation function = activation_function(call.text("activation", "none"));
  const bool linear = function == num::Activation::Copy;
  to.builder().tensor_tensor(Engine::Vector, linear ? dst : wide, a, b, alu_op(call.op->kind));
  if (!linear) {
    to.builder().activation(dst, wide, function);
  }
}

void equal_shapes(Lowering& to, const Call& call) {
  const ModelTensor& out = to.result(call);
  const Share part = to.share(product(out.shape));
  const std::int64_t columns = flat_columns(part.size);
  const Turns a = to.turns("a", call.input(0).dtype, columns);
  const Turns b = to.turns("b", call.input(1).dtype, columns);
  const Turns wide = to.turns("wide", num::Dtype::Fp32, columns);
  const Turns result = to.turns("result", out.dtype, columns);
  to.flat_tiles(part.size, columns, [&](const FlatTile& tile) {
    const auto on_chip = [&](const Turns& buffer) {
      return buffer.at(tile.index, tile.partitions, tile.columns);
    };
    const auto in_hbm = [&](const ModelTensor& tensor) {
      return to.tensor(tensor).at(part.start + tile.start, {{1, tile.partitions * tile.columns}});
    };
    to.load(on_chip(a), in_hbm(call.input(0)));
    to.load(on_chip(b), in_hbm(call.input(1)));
    combine(to, call, on_chip(result), on_chip(wide), on_chip(a), on_chip(b));
    to.store(in_hbm(out), on_chip(result));
  });
}

void vector_along_rows(Lowering& to, const Call& call) {
  const ModelTensor& out = to.result(call);
  const std::int64_t width = out.shape.back();
  const Share part = to.share(product(out.shape) / width);
  const std::int64_t columns = std::min(width, kMaxColumns);
  const Turns a = to.turns("a", call.input(0).dtype, columns);
  const Turns b = to.turns("b", call.input(1).dtype, columns);
  const Turns wide = to.turns("wide", num::Dtype::Fp32, columns);
  const Turns result = to.turns("result", out.dtype, columns);
  to.tiles("columns", width, columns, [&](const Tile& column) {
    to.load(b.at(column.index, kPartitions, column.size),
            to.tensor(call.input(1)).at(column.start, {{0, kPartitions}, {1, column.size}}));
    to.tiles("row", part.size, kPartitions, [&](const Tile& row) {
      const auto on_chip = [&](const Turns& buffer) {
        return buffer.at(row.index, row.size, column.size);
      };
      const auto in_hbm = [&](const ModelTensor& tensor) {
        return to.tensor(tensor).at((part.start + row.start) * width + column.start,
                                    {{width, row.size}, {1, column.size}});
      };
      to.load(on_chip(a), in_hbm(call.input(0)));
      combine(to, call, on_chip(result), on_chip(wide), on_chip(a),
              b.at(column.index, row.size, column.size));
      to.store(in_hbm(out), on_chip(result));
    });
  });
}

}  // namespace

void lower_binary(Lowering& to, const Call& call) {
  if (call.shape(0) == call.shape(1)) {
    equal_shapes(to, call);
  } else {
    vector_along_rows(to, call);
  }
}

void lower_unary(Lowering& to, const Call& call) {
  const ModelTensor& in = call.input(0);
  const ModelTensor& out = to.result(call);
  const Share part = to.share(product(out.shape));
  const std::int64_t columns = flat_columns(part.size);
  const Turns data = to.turns("data", in.dtype, columns);
  const Turns result = to.turns("result", out.dtype, columns);
  to.flat_tiles(part.size, columns, [&](const FlatTile& tile) {
    const std::vector<isa::Dim> run{{1, tile.partitions * tile.columns}};
    const Access from = data.at(tile.index, tile.partitions, tile.columns);
    const Access into = result.at(tile.index, tile.partitions, tile.columns);
    to.load(from, to.tensor(in).at(part.start + tile.start, run));
    to.builder().activation(into, from, activation_function(call.op->kind));
    to.store(to.tensor(out).at(part.start + tile.start, run), into);
  });
}

void lower_slice(Lowering& to, const Call& call) {
  const ModelTensor& in = call.input(0);
  const ModelTensor& out = to.result(call);
  const std::int64_t pitch = in.shape.back();
  const std::int64_t width = out.shape.back();
  const Share part = to.share(product(out.shape) / width);
  // From HBM to HBM: nothing is computed. A DMA of a block of rows keeps all engines busy.
  constexpr std::int64_t kRows = 1024;
  to.tiles("rows", part.size, kRows, [&](const Tile& rows) {
    const isa::Expr row = part.start + rows.start;
    to.store(
        to.tensor(out).at(row * width, {{1, rows.size * width}}),
        to.tensor(in).at(row * pitch + call.integer("begin", 0), {{pitch, rows.size}, {1, width}}));
  });
}

}  // namespace nsim::ml
