// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/cells.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "sim/base/random.h"

using namespace nsim;
using namespace nsim::isa;

namespace {

Operand operand(std::int64_t offset, std::vector<StreamDim> dims) {
  Operand result;
  result.dtype = num::Dtype::Fp32;
  result.partitions = 32;
  result.offset = offset;
  result.dims = static_cast<std::uint8_t>(dims.size());
  std::copy(dims.begin(), dims.end(), result.dim.begin());
  return result;
}

constexpr Completion kMark{0, 1};

/// Numbers of the cells a read of `where` visits, by looking at every cell of lane 0 afterwards.
std::set<std::size_t> visited(Cells& cells, const Operand& where) {
  cells.read(0, 0, footprint(where, cells.grain()), kMark, [](Completion) {});
  std::set<std::size_t> numbers;
  for (std::int64_t at = 0; at < cells.bytes(); at += cells.grain()) {
    Footprint cell;
    cell.start = at;
    cell.run = 1;
    cells.write(0, 0, cell, {}, [&](CellState state) {
      if (state.readers() != 0) {
        numbers.insert(static_cast<std::size_t>(at / cells.grain()));
      }
    });
  }
  return numbers;
}

/// The cells it touches, element by element.
std::set<std::size_t> touched(const Operand& where, std::int64_t grain) {
  std::set<std::size_t> numbers;
  for (std::int64_t i = 0; i < where.elements(); ++i) {
    std::int64_t rest = i;
    std::int64_t at = where.offset;
    for (std::size_t d = where.dims; d-- > 0;) {
      at += rest % where.dim[d].count * where.dim[d].step * 4;
      rest /= where.dim[d].count;
    }
    numbers.insert(static_cast<std::size_t>(at / grain));
  }
  return numbers;
}

/// Every cell on its own: what Cells has to answer like.
class PlainCells {
 public:
  struct Cell {
    Completion writer;
    std::map<int, std::uint32_t> reads;
  };

  PlainCells(int lanes, std::size_t cells, std::int64_t grain)
      : cells_(cells), grain_(grain), lane_(static_cast<std::size_t>(lanes) * cells) {}

  template <class Visit>
  void visit(int first, int last, const Operand& where, Visit&& visit) {
    for (int lane = first; lane <= last; ++lane) {
      for (const std::size_t cell : touched(where, grain_)) {
        visit(lane_[static_cast<std::size_t>(lane) * cells_ + cell]);
      }
    }
  }

 private:
  std::size_t cells_;
  std::int64_t grain_;
  std::vector<Cell> lane_;
};

using Seen = std::set<std::pair<int, std::uint32_t>>;  // actor and index

/// Within 4 KiB: a row, or rows with gaps of whole cells.
Operand random_operand(RandomStream& random) {
  const auto below = [&](std::uint64_t bound) {
    return static_cast<std::int32_t>(random.below(bound));
  };
  std::vector<StreamDim> dims;
  if (below(3) == 0) {
    dims.push_back({64 + 16 * below(4), 1 + below(4)});
  }
  dims.push_back({1, 1 + below(100)});
  return operand(16 * below(36), dims);
}

}  // namespace

TEST_CASE("a contiguous row is one run") {
  const Footprint row = footprint(operand(128, {{64, 4}, {1, 64}}), 64);
  CHECK(row.dims == 0);
  CHECK(row.start == 128);
  CHECK(row.run == 1024);
}

TEST_CASE("elements walked backwards are the same bytes") {
  const Footprint row = footprint(operand(400, {{-1, 100}}), 64);
  CHECK(row.start == 4);
  CHECK(row.run == 400);
}

TEST_CASE("a large step leaves the cells between out") {
  Cells cells(1, 4096, 64, 1);
  CHECK(visited(cells, operand(0, {{64, 3}, {1, 1}})) == std::set<std::size_t>{0, 4, 8});
}

TEST_CASE("any access visits exactly the cells it touches") {
  RandomStream random(1, "cells");
  Cells cells(1, 1 << 16, 64, 1);
  for (int round = 0; round < 300; ++round) {
    std::vector<StreamDim> dims;
    std::int64_t lowest = 0;
    for (std::uint64_t d = random.below(4); d-- > 0;) {
      dims.push_back({static_cast<std::int32_t>(random.below(400)) - 150,
                      static_cast<std::int32_t>(1 + random.below(8))});
      lowest += std::min(0, dims.back().step * (dims.back().count - 1));
    }
    const Operand where =
        operand(-lowest * 4 + static_cast<std::int64_t>(random.below(50)) * 4, dims);
    REQUIRE(visited(cells, where) == touched(where, 64));
  }
}

TEST_CASE("a pattern that revisits its cells many times costs no more than the memory") {
  Cells cells(1, 1 << 16, 64, 1);
  const Operand where = operand(0, {{1, 4000}, {2, 4000}, {17, 60}, {33, 60}});
  std::int64_t visits = 0;
  for (std::int64_t at = 0; at < cells.bytes(); at += cells.grain()) {
    cells.read(0, 0, footprint(operand(at, {}), 64), kMark, [](Completion) {});
  }
  cells.read(0, 0, footprint(where, 64), kMark, [&](Completion) { ++visits; });
  CHECK(visits <= 4 * (1 << 16) / 64);
}

TEST_CASE("an access costs one visit for what was always used together, whatever its size") {
  Cells cells(4, 1 << 16, 64, 2);
  const Operand tile = operand(2048, {{1, 512}});
  const auto reads = [&](int first, int last, const Operand& where) {
    int visits = 0;
    cells.read(first, last, footprint(where, 64), kMark, [&](Completion) { ++visits; });
    return visits;
  };
  CHECK(reads(0, 3, tile) == 1);
  CHECK(reads(0, 3, operand(0, {{1, 2048}})) == 3);  // before it, it, and after it
  CHECK(reads(1, 1, tile) == 1);
  CHECK(reads(0, 3, tile) == 4);  // a lane has a history of its own
  int visits = 0;
  cells.write(0, 3, footprint(tile, 64), {1, 1}, [&](CellState) { ++visits; });
  CHECK(visits == 4);
  CHECK(reads(0, 3, tile) == 1);  // the write made them equal
}

TEST_CASE("cells that share a history answer like cells on their own") {
  constexpr int kLanes = 4;
  constexpr int kActors = 6;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    RandomStream random(seed, "histories");
    Cells cells(kLanes, 4096, 64, kActors);
    PlainCells plain(kLanes, 64, 64);
    for (std::uint32_t index = 1; index <= 150; ++index) {
      const Operand where = random_operand(random);
      const Footprint footprint = isa::footprint(where, 64);
      const bool all = random.below(2) == 0;
      const int first = all ? 0 : static_cast<int>(random.below(kLanes));
      const int last = all ? kLanes - 1 : first + static_cast<int>(random.below(kLanes - first));
      const Completion by{static_cast<std::uint8_t>(random.below(kActors)), index};
      Seen got;
      Seen expected;
      if (random.below(2) == 0) {
        cells.read(first, last, footprint, by,
                   [&](Completion writer) { got.emplace(writer.actor, writer.index); });
        plain.visit(first, last, where, [&](PlainCells::Cell& cell) {
          expected.emplace(cell.writer.actor, cell.writer.index);
          cell.reads[by.actor] = by.index;
        });
      } else {
        cells.write(first, last, footprint, by, [&](CellState state) {
          got.emplace(state.writer().actor, state.writer().index);
          for (int actor = 0; actor < kActors; ++actor) {
            if ((state.readers() >> actor & 1U) != 0) {
              got.emplace(actor, state.read(actor));
            }
          }
        });
        plain.visit(first, last, where, [&](PlainCells::Cell& cell) {
          expected.emplace(cell.writer.actor, cell.writer.index);
          expected.insert(cell.reads.begin(), cell.reads.end());
          cell = {by, {}};
        });
      }
      REQUIRE(got == expected);
    }
  }
}
