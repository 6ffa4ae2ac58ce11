// SPDX-License-Identifier: Apache-2.0
#include "tools/why/critical_path.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "sim/base/error.h"
#include "sim/hw/request_path.h"

using namespace nsim;
using namespace nsim::tool;

namespace {

const char* const kLine = R"({"unit":"nc0.compute.q0","sequence":3,"submitted_ps":0,
  "started_ps":10,"ended_ps":90,"completed_ps":100,"segments":[
  {"kind":"doorbell","from_ps":0,"to_ps":10},
  {"kind":"result","from_ps":10,"to_ps":30,"core":1,"engine":"vector","op":"tensor_copy","line":7},
  {"kind":"dma_move","from_ps":30,"to_ps":60,"core":1,"engine":"sync","op":"dma_copy","queue":"qSyncIO0"},
  {"kind":"result","from_ps":60,"to_ps":90,"core":1,"engine":"vector","op":"tensor_copy","line":9},
  {"kind":"interrupt","from_ps":90,"to_ps":100}]})";

}  // namespace

TEST_CASE("rows add up to the request's time, the longest first, and know their longest segment") {
  const CriticalPath path = parse_critical_path(nlohmann::json::parse(kLine));
  CHECK(path.time() == 100);
  const std::vector<PathRow> rows = rows_of(path);
  SimTime sum = 0;
  for (const PathRow& row : rows) {
    sum += row.time;
  }
  CHECK(sum == path.time());
  REQUIRE(rows.size() == 4);
  CHECK(rows[0].what == "tensor_copy");
  CHECK(rows[0].where == "Vector(nc1)");
  CHECK(rows[0].time == 20 + 30);
  CHECK(rows[0].count == 2);
  CHECK(rows[0].longest->line == 9);
  CHECK(rows[1].where == "qSyncIO0(nc1)");
}

TEST_CASE("rows by line tell what each source line waited for") {
  CriticalPath path = parse_critical_path(nlohmann::json::parse(kLine));
  path.segments[1].label = "k.py:7";
  path.segments[3].label = "k.py:9";
  const std::vector<PathRow> rows = rows_by_line(path);
  REQUIRE(rows.size() == 5);
  CHECK(rows[0].label == "");  // the transfer
  CHECK(rows[1].label == "k.py:9");
  CHECK(rows[1].time == 30);
  CHECK(rows[2].label == "k.py:7");
  CHECK(rows[2].time == 20);
}

TEST_CASE("what shifted between two paths adds up to the difference of their times") {
  const CriticalPath before = parse_critical_path(nlohmann::json::parse(kLine));
  CriticalPath after = before;
  after.completed += 25;
  after.segments[2].to += 25;
  const std::vector<PathShift> shifts = shifts_between(before, after);
  REQUIRE(shifts.size() == 1);
  CHECK(shifts[0].time == after.time() - before.time());
  CHECK(shifts[0].where == "qSyncIO0");
  CHECK(shifts_between(before, before).empty());
}

TEST_CASE("every kind of segment that the hardware has can be told") {
  for (int kind = 0; kind < hw::kPathKindCount; ++kind) {
    const nlohmann::json line{
        {"unit", "u"},
        {"sequence", 1},
        {"submitted_ps", 0},
        {"completed_ps", 5},
        {"segments",
         {{{"kind", hw::name(static_cast<hw::PathKind>(kind))}, {"from_ps", 0}, {"to_ps", 5}}}}};
    const CriticalPath path = parse_critical_path(line);
    CHECK_FALSE(path.segments.at(0).what.empty());
    CHECK_FALSE(path.segments.at(0).waits.empty());
  }
  CHECK_THROWS_AS(parse_critical_path(nlohmann::json::parse(
                      R"({"unit":"u","sequence":1,"submitted_ps":0,"completed_ps":5,
                      "segments":[{"kind":"magic","from_ps":0,"to_ps":5}]})")),
                  UserError);
}
