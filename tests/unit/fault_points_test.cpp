// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/fault_points.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <set>
#include <sstream>

using namespace nsim::hw;

TEST_CASE("Every fault point has a name of its own and at least one cell") {
  std::set<FaultPoint> with_cells;
  for (std::size_t index = 0; const auto cell = fault_cell(index); ++index) {
    with_cells.insert(cell->point);
    CHECK(info(cell->point).place(cell->phase)->has(cell->unit));
  }
  CHECK(with_cells.size() == static_cast<std::size_t>(kFaultPointCount));
  const std::vector<std::string> names = fault_point_names();
  CHECK(std::set<std::string>(names.begin(), names.end()).size() == names.size());
}

TEST_CASE("A tensor-op unit goes through every phase of units for reads and for writes") {
  for (std::size_t index = 0; const auto cell = fault_cell(index); ++index) {
    if (cell->unit == UnitType::TensorRead || cell->unit == UnitType::TensorWrite) {
      INFO(info(cell->point).name << ", " << name(cell->phase));
      CHECK(info(cell->point).place(cell->phase)->has(UnitType::TensorOp));
    }
  }
}

TEST_CASE("Names of points and phases are found again") {
  for (int point = 0; point < kFaultPointCount; ++point) {
    CHECK(fault_point(info(static_cast<FaultPoint>(point)).name) == static_cast<FaultPoint>(point));
  }
  for (int phase = 0; phase < kFaultPhaseCount; ++phase) {
    CHECK(fault_phase(name(static_cast<FaultPhase>(phase))) == static_cast<FaultPhase>(phase));
  }
  CHECK_FALSE(fault_point("none"));
  CHECK_FALSE(fault_phase("none"));
}

TEST_CASE("The page on faults has a row for every point, with its phases") {
  std::ifstream file(std::string(NSIM_SOURCE_DIR) + "/docs/faults.md");
  std::ostringstream page;
  page << file.rdbuf();
  for (int index = 0; index < kFaultPointCount; ++index) {
    const FaultPointInfo& row = info(static_cast<FaultPoint>(index));
    std::string phases;
    for (const std::string& phase : phase_names(row.point)) {
      phases += (phases.empty() ? "`" : ", `") + phase + "`";
    }
    const std::string expected =
        "| `" + std::string(row.name) + "` | " + row.what + " | " + phases + " |";
    INFO(expected);
    CHECK(page.str().find(expected) != std::string::npos);
  }
}
