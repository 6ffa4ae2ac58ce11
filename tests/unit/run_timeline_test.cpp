// SPDX-License-Identifier: Apache-2.0
#include "tools/report/run_timeline.h"

#include <catch2/catch.hpp>
#include <cstdio>

#include "sim/base/error.h"
#include "sim/base/trace.h"
#include "tests/support/scratch_folder.h"

using namespace nsim;
using namespace nsim::tool;

namespace {

void write_model(const std::string& folder, int model, SimTime shift) {
  Trace trace(folder + "/device_profile_model_" + std::to_string(model) + ".pftrace");
  const TrackId tensor = trace.track("Tensor(nc0)", 0, 1001);
  const TrackId wait = trace.track("Tensor(nc0) wait", tensor);
  const TrackId queue = trace.track("qSyncIO0(nc0)", 0, 100);
  trace.slice(wait, trace.name("waiting for dma"), shift, shift + 100);
  trace.slice(tensor, trace.name("nc_matmul"), shift + 100, shift + 200, 0,
              {{"done_ps", shift + 260}, {"line", 7}, {"label", 0, "mlp"}});
  trace.slice(queue, trace.name("transfer"), shift + 50, shift + 90, 0,
              {{"bytes", 512},
               {"descriptors", 4},
               {"submitted_ps", shift + 10},
               {"begun_ps", shift + 60},
               {"moved_ps", shift + 80},
               {"label", 0, "mlp"}});
  trace.close();
}

const TimelineRow& row_named(const RunTimeline& timeline, const std::string& name) {
  for (const TimelineRow& row : timeline.rows) {
    if (row.name == name) {
      return row;
    }
  }
  throw UserError("no row " + name);
}

}  // namespace

TEST_CASE("rows of the traces come queues first, an engine's waits behind it") {
  const test::ScratchFolder folder;
  write_model(folder.path(), 1, 0);
  const RunTimeline timeline = read_timeline(folder.path(), {{1, 0}});
  REQUIRE(timeline.rows.size() == 3);
  CHECK(timeline.rows[0].name == "qSyncIO0(nc0)");
  CHECK(timeline.rows[1].name == "Tensor(nc0)");
  CHECK(timeline.rows[2].name == "Tensor(nc0) wait");
  CHECK(timeline.rows[0].other.at(0) == 10);
  CHECK(timeline.rows[0].descriptors.at(0) == 4);
  CHECK(timeline.rows[0].begun.at(0) == 60);
  CHECK(timeline.rows[0].moved.at(0) == 80);
  CHECK(timeline.rows[1].other.at(0) == 260);
  CHECK(timeline.rows[1].detail.at(0) == 7);
  CHECK(timeline.slices() == 3);
  CHECK(timeline.begin == 0);
  CHECK(timeline.end == 200);
}

TEST_CASE("models that take turns on a core share its rows, in the order of time") {
  const test::ScratchFolder folder;
  write_model(folder.path(), 1, 1000);
  write_model(folder.path(), 2, 0);
  const RunTimeline timeline = read_timeline(folder.path(), {{1, 0}, {2, 0}});
  const TimelineRow& tensor = row_named(timeline, "Tensor(nc0)");
  REQUIRE(tensor.size() == 2);
  CHECK(tensor.start == std::vector<SimTime>{100, 1100});
  CHECK(timeline.labels[tensor.label[0]].model == 2);
  CHECK(timeline.labels[tensor.label[1]].model == 1);
}

TEST_CASE("models on different logical cores have rows of their own") {
  const test::ScratchFolder folder;
  write_model(folder.path(), 1, 0);
  write_model(folder.path(), 2, 0);
  const RunTimeline timeline = read_timeline(folder.path(), {{1, 0}, {2, 1}});
  CHECK(row_named(timeline, "NC0 Tensor(nc0)").size() == 1);
  CHECK(row_named(timeline, "NC1 Tensor(nc0)").size() == 1);
}

TEST_CASE("an operator's time is the union of its instructions and transfers") {
  const test::ScratchFolder folder;
  write_model(folder.path(), 1, 0);
  const RunTimeline timeline = read_timeline(folder.path(), {{1, 0}});
  const std::vector<SimTime> times = operator_times(timeline);
  REQUIRE(times.size() == 1);
  CHECK(times[0] == (90 - 10) + (260 - 100));  // submitted to the end, start to the result
}

TEST_CASE("a run without traces has an empty timeline; a damaged trace is refused") {
  const test::ScratchFolder folder;
  CHECK(read_timeline(folder.path(), {{1, 0}}).slices() == 0);
  std::FILE* file = std::fopen((folder.path() + "/system_profile.pftrace").c_str(), "w");
  std::fputs("no trace", file);
  std::fclose(file);
  CHECK_THROWS_AS(read_timeline(folder.path(), {{1, 0}}), UserError);
}
