// SPDX-License-Identifier: Apache-2.0
#include "tools/report/source_lines.h"

#include <catch2/catch.hpp>

#include "sim/base/trace.h"
#include "tests/support/scratch_folder.h"

using namespace nsim;
using namespace nsim::tool;

namespace {

/// Line 12 loads (two transfers that overlap), line 9 multiplies with weights that are loaded
/// before.
RunTimeline timeline_of(const std::string& first, const std::string& second) {
  const test::ScratchFolder folder;
  Trace trace(folder / "device_profile_model_1.pftrace");
  const TrackId tensor = trace.track("Tensor(nc0)", 0, 1001);
  const TrackId queue = trace.track("qSyncIO0(nc0)", 0, 100);
  const auto transfer = [&](SimTime from, SimTime begun, SimTime moved, SimTime to) {
    trace.slice(queue, trace.name("transfer"), from, to, 0,
                {{"bytes", 1000},
                 {"descriptors", 2},
                 {"submitted_ps", 0},
                 {"begun_ps", begun},
                 {"moved_ps", moved},
                 {"label", 0, second}});
  };
  transfer(0, 20, 60, 100);
  transfer(100, 50, 90, 140);
  trace.slice(tensor, trace.name("load_stationary"), 200, 230, 0,
              {{"done_ps", 240}, {"line", 1}, {"label", 1, first}});
  trace.slice(tensor, trace.name("nc_matmul"), 230, 300, 0,
              {{"done_ps", 350}, {"line", 1}, {"label", 1, first}});
  trace.close();
  return read_timeline(folder.path(), {{1, 0}});
}

}  // namespace

TEST_CASE("a line has its instructions, their weights, and its transfers") {
  CriticalPath path;
  path.completed = 400;
  path.segments = {{0, 150, "dma_move", "dma_copy", "qSyncIO0(nc0)", "", 0, "k.py:12"},
                   {150, 350, "execute", "nc_matmul", "Tensor(nc0)", "", 0, "k.py:9"},
                   {350, 400, "interrupt", "interrupt", "host link", "", 0, ""}};
  const std::vector<SourceLine> lines = source_lines(timeline_of("k.py:9", "k.py:12"), path);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].name == "k.py:9");  // a number, not a text
  CHECK(lines[0].engines[0].instructions == 1);
  CHECK(lines[0].engines[0].busy == 30 + 70);
  CHECK(lines[0].under_way == 150);
  CHECK(lines[0].critical == 200);
  CHECK(lines[0].dma.transfers == 0);
  CHECK(lines[1].name == "k.py:12");
  CHECK(lines[1].dma.transfers == 2);
  CHECK(lines[1].dma.bytes == 2000);
  CHECK(lines[1].dma.descriptors == 4);
  CHECK(lines[1].dma.moving == 70);  // side by side counts once
  CHECK(lines[1].critical == 150);
}

TEST_CASE("operators of a model are no lines") {
  CHECK(names_a_line("softmax.py:27"));
  CHECK_FALSE(names_a_line("layer0.attention"));
  CHECK_FALSE(names_a_line("layer:"));
  CHECK_FALSE(names_a_line(":7"));
  CHECK(source_lines(timeline_of("mlp", "attention"), {}).empty());
}
