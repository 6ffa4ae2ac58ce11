// SPDX-License-Identifier: Apache-2.0
// What the dependency tracker remembers of a memory: for every cell (a block of bytes) the last
// writer and, per actor, the last reader since. A strided access is exact at the grain of cells.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "sim/isa/stream.h"

namespace nsim::isa {

/// The bytes an operand touches in one lane: runs of `run` bytes, at `start` plus the outer dims.
struct Footprint {
  std::int64_t start = 0;
  std::int64_t run = 0;
  int dims = 0;
  std::array<std::int64_t, 5> step{};  // bytes, positive
  std::array<std::int64_t, 5> count{};

  /// One past the last byte.
  std::int64_t end() const;
  /// Runs of the pattern.
  std::int64_t runs() const;
};

/// Dims that leave no cell of `grain` bytes untouched between their elements are merged into the
/// run.
Footprint footprint(const Operand& operand, std::int64_t grain);

/// An actor is an engine or a DMA queue; `index` counts its work from 1.
struct Completion {
  std::uint8_t actor = 0;
  std::uint32_t index = 0;  // 0: nothing
};

class Cells {
 public:
  struct Cell {
    Completion writer;
    std::uint32_t readers = 0;  // bit set of the actors that read since the last write
  };

  Cells() = default;
  /// `lanes` independent strips of `bytes` each; `actors` is how many readers a cell tells apart.
  Cells(int lanes, std::int64_t bytes, std::int64_t grain, int actors);

  bool tracked() const { return !cells_.empty(); }
  std::int64_t grain() const { return std::int64_t{1} << shift_; }
  /// Of a lane, rounded up to whole cells.
  std::int64_t bytes() const { return per_lane_ << shift_; }

  /// Calls visit(cell, reads) for every cell of `where` in lanes [first, last]; `reads` are the
  /// indices of the last reads, valid for the actors in cell.readers.
  template <class Visit>
  void visit(int first, int last, const Footprint& where, Visit&& visit);

 private:
  template <class Visit>
  void visit_range(std::int64_t lane, std::int64_t from, std::int64_t to, Visit&& visit);

  int shift_ = 0;
  int actors_ = 0;
  std::int64_t per_lane_ = 0;
  std::vector<Cell> cells_;
  std::vector<std::uint32_t> reads_;  // actors_ per cell
};

template <class Visit>
void Cells::visit_range(std::int64_t lane, std::int64_t from, std::int64_t to, Visit&& visit) {
  const std::int64_t base = lane * per_lane_;
  for (std::int64_t i = base + (from >> shift_); i <= base + ((to - 1) >> shift_); ++i) {
    const auto at = static_cast<std::size_t>(i);
    visit(cells_[at], &reads_[at * static_cast<std::size_t>(actors_)]);
  }
}

template <class Visit>
void Cells::visit(int first, int last, const Footprint& where, Visit&& visit) {
  // A pattern that comes back to the same cells many times is taken as everything in its range:
  // never less than it touches, and the cost stays in proportion to the memory.
  const bool coarse = where.runs() > 4 * per_lane_;
  for (std::int64_t lane = first; lane <= last; ++lane) {
    if (coarse || where.dims == 0) {
      visit_range(lane, where.start, where.dims == 0 ? where.start + where.run : where.end(),
                  visit);
      continue;
    }
    std::array<std::int64_t, 5> at{};
    std::int64_t position = where.start;
    for (;;) {
      visit_range(lane, position, position + where.run, visit);
      int d = where.dims - 1;
      while (d >= 0 &&
             ++at[static_cast<std::size_t>(d)] == where.count[static_cast<std::size_t>(d)]) {
        const auto i = static_cast<std::size_t>(d--);
        position -= where.step[i] * (where.count[i] - 1);
        at[i] = 0;
      }
      if (d < 0) {
        break;
      }
      position += where.step[static_cast<std::size_t>(d)];
    }
  }
}

}  // namespace nsim::isa
