// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/cells.h"

#include <catch2/catch.hpp>
#include <set>

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

/// Numbers of the cells visited, by marking them as read.
std::set<std::size_t> visited(Cells& cells, const Operand& where) {
  std::vector<const Cells::Cell*> marked;
  cells.visit(0, 0, footprint(where, cells.grain()),
              [&](Cells::Cell& cell, std::uint32_t*) { marked.push_back(&cell); });
  // The first cell of the only lane is found through an operand at byte 0.
  const Cells::Cell* origin = nullptr;
  cells.visit(0, 0, footprint(operand(0, {}), cells.grain()),
              [&](Cells::Cell& cell, std::uint32_t*) { origin = &cell; });
  std::set<std::size_t> numbers;
  for (const Cells::Cell* cell : marked) {
    numbers.insert(static_cast<std::size_t>(cell - origin));
  }
  return numbers;
}

/// The same, element by element.
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
  cells.visit(0, 0, footprint(where, 64), [&](Cells::Cell&, std::uint32_t*) { ++visits; });
  CHECK(visits <= 4 * (1 << 16) / 64);
}
