// SPDX-License-Identifier: Apache-2.0
// What operators on whole rows share: 128 rows at a time, one per partition, with statistics per
// partition.
#pragma once

#include <functional>
#include <string>

#include "models/lowering.h"

namespace nsim::ml {

/// A tensor seen as rows of its last axis.
struct RowsOf {
  std::int64_t rows = 0;
  std::int64_t width = 0;
};
RowsOf rows_of(const Shape& shape);

/// 128 rows of an operator's input on chip, and where its results go.
struct RowTile {
  Index index;
  std::int64_t rows = 0;
  isa::Access data;    // [rows, width], loaded
  isa::Access result;  // [rows, width], stored afterwards
};

/// Loads each tile of this core's rows, calls `body`, stores the result.
void for_row_tiles(Lowering& to, const Call& call, const std::function<void(const RowTile&)>& body);

/// Values per partition of each tile: statistics of its rows.
class RowScalars {
 public:
  RowScalars(Lowering& to, const std::string& name, std::int64_t values = 1)
      : values_(values), turns_(to.turns(name, num::Dtype::Fp32, values)) {}
  isa::Access at(const RowTile& tile, std::int64_t value = 0) const {
    return turns_.at(tile.index, tile.rows, value, {{1, 1}});
  }
  isa::Access all(const RowTile& tile) const { return turns_.at(tile.index, tile.rows, values_); }

 private:
  std::int64_t values_;
  Turns turns_;
};

/// A vector along the last axis, in all partitions.
class RowVector {
 public:
  RowVector(Lowering& to, const ModelTensor& tensor);
  isa::Access at(const RowTile& tile) const { return buffer_.at(0, tile.rows, 0, {{1, width_}}); }

 private:
  std::int64_t width_;
  isa::BufferRef buffer_;
};

}  // namespace nsim::ml
