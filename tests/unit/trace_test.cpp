// SPDX-License-Identifier: Apache-2.0
#include "sim/base/trace.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "sim/base/error.h"
#include "sim/base/trace_reader.h"
#include "tests/support/scratch_folder.h"

using namespace nsim;

TEST_CASE("a disabled trace accepts everything and records nothing", "[trace]") {
  Trace trace;
  CHECK_FALSE(trace.enabled());
  const TrackId track = trace.track("x");
  trace.slice(track, trace.name("y"), 0, 10);
  trace.instant(track, 0, 5);
  trace.counter(trace.counter_track("c", "B"), 5, 1.0);
  CHECK_NOTHROW(trace.close());
}

TEST_CASE("slices come back with their exact picoseconds, flows and arguments", "[trace]") {
  const test::ScratchFolder folder;
  Trace trace(folder / "t.pftrace");
  const TrackId tensor = trace.track("Tensor", trace.process("nd0", 1));
  trace.slice(tensor, trace.name("matmul"), 1'234, 5'678, 77,
              {{"rows", 128}, {"dtype", 0, "bf16"}, {"minus", -1}});
  trace.instant(tensor, trace.name("notify"), 9'999, 77);
  trace.close();

  const TraceFile file = read_trace(folder / "t.pftrace");
  REQUIRE(file.slices.size() == 2);
  const TraceSlice& slice = file.slices[0];
  CHECK(file.path(slice.track) == "nd0/Tensor");
  CHECK(slice.name == "matmul");
  CHECK(slice.start_ps == 1'234);
  CHECK(slice.duration_ps == 4'444);
  CHECK(slice.begin_ns == 1);
  CHECK(slice.end_ns == 5);
  CHECK(slice.flows == std::vector<std::uint64_t>{77});
  CHECK(slice.numbers == std::map<std::string, std::int64_t>{{"rows", 128}, {"minus", -1}});
  CHECK(slice.texts == std::map<std::string, std::string>{{"dtype", "bf16"}});
  CHECK(file.slices[1].is_instant);
  CHECK(file.slices[1].start_ps == 9'999);
}

TEST_CASE("tracks form a tree with ranks, processes and counters", "[trace]") {
  const test::ScratchFolder folder;
  Trace trace(folder / "t.pftrace");
  const TrackId device = trace.process("nd0", 4444, 2);
  const TrackId core = trace.track("nc1", device, 1);
  const TrackId hbm = trace.counter_track("HBM", "B/s", device, 9);
  trace.counter(hbm, 2'000, 2.9e12);
  CHECK(trace.track("nc1", device, 1) == core);
  CHECK(trace.track("nc1", 0) != core);
  trace.close();

  const TraceFile file = read_trace(folder / "t.pftrace");
  REQUIRE(file.tracks.size() == 4);
  CHECK(file.track("nd0").pid == 4444);
  CHECK(file.track("nd0").rank == 2);
  CHECK(file.track("nd0/nc1").rank == 1);
  CHECK(file.track("nd0/HBM").is_counter);
  CHECK(file.track("nd0/HBM").unit == "B/s");
  CHECK_FALSE(file.track("nc1").is_counter);
  CHECK_THROWS(file.track("nd1"));
  REQUIRE(file.counters.size() == 1);
  CHECK(file.counters[0].track == hbm);
  CHECK(file.counters[0].at_ns == 2);
  CHECK(file.counters[0].value == 2.9e12);
}

TEST_CASE("slices that touch do not overlap in nanoseconds", "[trace]") {
  const test::ScratchFolder folder;
  Trace trace(folder / "t.pftrace");
  const TrackId track = trace.track("x");
  const NameId name = trace.name("op");
  SimTime at = 0;
  for (const SimTime duration : {357, 714, 1'071, 0, 3}) {
    trace.slice(track, name, at, at + duration);
    at += duration;
  }
  trace.close();
  const TraceFile file = read_trace(folder / "t.pftrace");
  CHECK(file.busy("x") == at);
  for (std::size_t i = 1; i < file.slices.size(); ++i) {
    CHECK(file.slices[i].begin_ns >= file.slices[i - 1].end_ns);
  }
}

TEST_CASE("slices may nest", "[trace]") {
  const test::ScratchFolder folder;
  Trace trace(folder / "t.pftrace");
  const TrackId track = trace.track("x");
  trace.slice(track, trace.name("outer"), 0, 10'000);
  trace.slice(track, trace.name("inner"), 0, 4'000);
  trace.slice(track, trace.name("inner"), 4'000, 10'000);
  trace.close();
  CHECK(read_trace(folder / "t.pftrace").slices_of("x").size() == 3);
}

TEST_CASE("the reader refuses slices that overlap", "[trace]") {
  const test::ScratchFolder folder;
  Trace trace(folder / "t.pftrace");
  const TrackId track = trace.track("x");
  trace.slice(track, trace.name("a"), 0, 10);
  trace.slice(track, trace.name("b"), 9, 20);
  trace.close();
  CHECK_THROWS_WITH(read_trace(folder / "t.pftrace"),
                    Catch::Matchers::Contains("overlap on \"x\" at 9 ps"));
}

TEST_CASE("a slice that ends before it starts is our bug", "[trace]") {
  const test::ScratchFolder folder;
  Trace trace(folder / "t.pftrace");
  CHECK_THROWS_AS(trace.slice(trace.track("x"), trace.name("a"), 10, 9), InternalError);
}

TEST_CASE("the same text has one number and stands in the file once", "[trace]") {
  const test::ScratchFolder folder;
  Trace trace(folder / "t.pftrace");
  const NameId name = trace.name("only_once");
  CHECK(trace.name(std::string("only_once")) == name);
  CHECK(trace.name("another") != name);
  const TrackId track = trace.track("x");
  trace.slice(track, name, 0, 1);
  trace.slice(track, name, 1, 2);
  trace.close();
  std::ifstream file(folder / "t.pftrace", std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  CHECK(bytes.find("only_once") == bytes.rfind("only_once"));
}

TEST_CASE("the bytes of a packet are Perfetto's", "[trace]") {
  const test::ScratchFolder folder;
  Trace trace(folder / "t.pftrace");
  trace.counter(trace.counter_track("c", "B"), 3'000, 1.0);
  trace.close();
  std::ifstream file(folder / "t.pftrace", std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  // TracePacket {sequence_id: 1, timestamp: 3, sequence_flags: 2,
  //   track_event {type: COUNTER, track_uuid: 1, double_counter_value: 1.0}}, each tag as on the
  //   wire.
  const unsigned char expected[] = {0x0a, 0x16, 0x50, 0x01, 0x40, 0x03, 0x68, 0x02,
                                    0x5a, 0x0e, 0x48, 0x04, 0x58, 0x01, 0xe1, 0x02,
                                    0,    0,    0,    0,    0,    0,    0xf0, 0x3f};
  const std::string tail(std::begin(expected), std::end(expected));
  REQUIRE(bytes.size() > tail.size());
  CHECK(bytes.substr(bytes.size() - tail.size()) == tail);
}

TEST_CASE("a trace larger than its buffer is complete", "[trace]") {
  const test::ScratchFolder folder;
  Trace trace(folder / "t.pftrace");
  const TrackId track = trace.track("x");
  const NameId name = trace.name("op");
  constexpr int kSlices = 25'000;
  for (int i = 0; i < kSlices; ++i) {
    trace.slice(track, name, i * 1000, i * 1000 + 500);
  }
  trace.close();
  CHECK(std::filesystem::file_size(folder / "t.pftrace") > (1u << 20));
  CHECK(read_trace(folder / "t.pftrace").busy("x") == kSlices * 500);
}

TEST_CASE("a trace that cannot be created is the user's mistake", "[trace]") {
  CHECK_THROWS_AS(Trace("/nowhere/t.pftrace"), UserError);
}

TEST_CASE("a disk that is full is reported when the trace is closed", "[trace]") {
  Trace trace("/dev/full");
  CHECK_THROWS_AS(trace.close(), UserError);
  CHECK_NOTHROW(trace.close());
}

TEST_CASE("a set without directory has only disabled traces", "[trace]") {
  TraceSet traces;
  CHECK_FALSE(traces.enabled());
  CHECK_FALSE(traces.system().enabled());
  CHECK_FALSE(traces.device(3).enabled());
}

TEST_CASE("a set has one file for the system and one per model", "[trace]") {
  const test::ScratchFolder folder;
  TraceSet traces(folder / "new/deep");
  CHECK(traces.enabled());
  CHECK(&traces.device(3) == &traces.device(3));
  traces.device(3).track("x");
  traces.close();
  CHECK(std::filesystem::exists(folder / "new/deep/system_profile.pftrace"));
  CHECK(read_trace(folder / "new/deep/device_profile_model_3.pftrace").tracks.size() == 1);
}

TEST_CASE("a trace is scanned without being kept, in the order of the file", "[trace]") {
  const test::ScratchFolder folder;
  Trace trace(folder / "t.pftrace");
  const TrackId track = trace.track("Tensor");
  trace.slice(track, trace.name("a"), 1000, 3000);
  trace.counter(trace.counter_track("rate", "%"), 2000, 50);
  trace.instant(track, trace.name("b"), 4000);
  trace.close();

  struct Listing : TraceVisitor {
    std::string text;
    void track(const TraceTrack& track) override { text += "track " + track.name + ";"; }
    void slice(TraceSlice& slice) override {
      text += slice.name + " " + std::to_string(slice.start_ps) + ";";
    }
    void end(std::uint64_t, std::int64_t at_ns) override {
      text += "end " + std::to_string(at_ns) + ";";
    }
    void counter(const TraceCounter& counter) override {
      text += "counter " + std::to_string(static_cast<int>(counter.value)) + ";";
    }
  };
  Listing listing;
  scan_trace(folder / "t.pftrace", listing);
  CHECK(listing.text == "track Tensor;a 1000;end 3;track rate;counter 50;b 4000;");
  CHECK_THROWS_AS(scan_trace(folder / "none", listing), UserError);
}
