// SPDX-License-Identifier: Apache-2.0
// nsim run --vcd: waves are, to the picosecond, what the traces and summary.json say.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "sim/base/trace_reader.h"
#include "tests/support/vcd_reader.h"
#include "tests/tools/nsim_process.h"

using namespace nsim;
using namespace nsim::test;

namespace {

using Changes = std::vector<std::pair<SimTime, SimTime>>;  // {time, value}

struct Run {
  ScratchFolder scratch;
  nlohmann::json summary;
  TraceFile trace;
  VcdFile waves;

  explicit Run(const std::string& options) {
    const Outcome outcome =
        shell("%N run %S/models/mini_lm.toml --numerics off --quiet --requests 3 --out " +
              (scratch / "out") + " --vcd " + (scratch / "w.vcd") + " " + options);
    INFO(outcome.text);
    REQUIRE(outcome.exit_code == 0);
    summary = summary_of(scratch / "out");
    trace = read_trace(scratch / "out/device_profile_model_1.pftrace");
    waves = read_vcd(scratch / "w.vcd");
  }
  /// Slices of a row by its name, wherever it stands.
  std::vector<TraceSlice> row(const std::string& name) const {
    std::vector<TraceSlice> found;
    for (const TraceTrack& track : trace.tracks) {
      for (const TraceSlice& slice : trace.slices) {
        if (track.name == name && slice.track == track.uuid) {
          found.push_back(slice);
        }
      }
    }
    return found;
  }
};

/// How many of `spans` [from, to) hold, as changes; from 0.
Changes count(const std::vector<std::pair<SimTime, SimTime>>& spans) {
  std::map<SimTime, SimTime> steps;
  for (const auto& [from, to] : spans) {
    ++steps[from];
    --steps[to];
  }
  Changes changes{{0, 0}};
  for (const auto& [time, step] : steps) {
    if (step != 0) {
      changes.emplace_back(time, changes.back().second + step);
    }
  }
  return changes;
}

}  // namespace

TEST_CASE(
    "waves of a unit are its requests, and its interrupts reach the host when they complete") {
  const Run run("--config trn2 --depth 2");
  CHECK(run.waves.timescale == "1 ps");
  std::vector<std::pair<SimTime, SimTime>> busy;
  std::vector<std::pair<SimTime, SimTime>> interrupts;
  for (const nlohmann::json& request : run.summary.at("requests")) {
    if (request.at("unit") == "nc0.compute.q0") {
      busy.emplace_back(request.at("started_ps"), request.at("ended_ps"));
      interrupts.emplace_back(request.at("ended_ps"), request.at("completed_ps"));
    }
  }
  REQUIRE(busy.size() == 3);
  CHECK(run.waves.changes.at("nd0.lnc0.compute0.busy") == count(busy));
  CHECK(run.waves.changes.at("nd0.interrupts.lnc0.compute0") == count(interrupts));
  const Changes& depth = run.waves.changes.at("nd0.lnc0.compute0.depth");
  SimTime most = 0;
  for (const auto& [time, value] : depth) {
    most = std::max(most, value);
  }
  CHECK(most == 2);
  CHECK(depth.back() == std::pair<SimTime, SimTime>{busy.back().second, 0});
}

TEST_CASE("waves of DMA queues are the transfers of the trace, those of DMA engines its packets") {
  const Run run("--config trn2");
  std::set<std::string> queues;
  for (const auto& [name, changes] : run.waves.changes) {
    const std::string scope = "nd0.nc0.dma.queue.";
    if (name.rfind(scope, 0) == 0) {
      const std::string queue = name.substr(scope.size(), name.rfind('.') - scope.size());
      std::vector<std::pair<SimTime, SimTime>> transfers;
      for (const TraceSlice& slice : run.row(queue + "(nc0)")) {
        transfers.emplace_back(slice.numbers.at("submitted_ps"),
                               slice.start_ps + slice.duration_ps);
      }
      INFO(name);
      CHECK(changes == count(transfers));
      queues.insert(queue);
    }
  }
  CHECK(queues.size() > 1);
  for (const int engine : {0, 15}) {
    std::vector<std::pair<SimTime, SimTime>> packets;
    for (const TraceSlice& slice : run.row("DMA" + std::to_string(engine) + "(nc0)")) {
      packets.emplace_back(slice.start_ps, slice.start_ps + slice.duration_ps);
    }
    INFO(engine);
    CHECK(run.waves.changes.at("nd0.nc0.dma.engine" + std::to_string(engine) + ".busy") ==
          count(packets));
    CHECK(run.waves.changes.at("nd0.nc0.dma.engine" + std::to_string(engine) + ".depth")
              .back()
              .second == 0);
  }
}

TEST_CASE("ports of SBUF and PSUM are taken when instructions of their engines start") {
  const Run run("--config trn1");
  const auto starts = [&](const std::vector<std::string>& rows) {
    std::set<SimTime> times;
    for (const std::string& row : rows) {
      for (const TraceSlice& slice : run.row(row)) {
        times.insert(slice.start_ps);
      }
    }
    return times;
  };
  const auto check = [&](const std::string& signal, const std::set<SimTime>& allowed) {
    INFO(signal);
    const Changes& changes = run.waves.changes.at(signal);
    CHECK(changes.size() > 3);
    CHECK(changes.back().second == 0);
    for (const auto& [time, value] : changes) {
      CHECK((value == 0 || allowed.count(time) == 1));
    }
  };
  check("nd0.nc0.sbuf.port", starts({"Vector(nc0)", "GpSimd(nc0)"}));
  check("nd0.nc0.psum.bank0", starts({"Vector(nc0)", "Scalar(nc0)"}));
}

TEST_CASE("what engines wait for is a semaphore that was counted its latency before") {
  constexpr SimTime kLatency = 64 * kNanosecond;
  const Run run(
      "--config trn2 --set neuron_core.semaphores.latency=64ns --signals 'nd0.nc0.semaphores.*'");
  CHECK(run.waves.changes.size() == 256);
  std::set<SimTime> counted;
  for (const auto& [name, changes] : run.waves.changes) {
    INFO(name);
    SimTime before = 0;
    for (const auto& [time, value] : changes) {
      CHECK((value >= before || value == 0));  // an execution starts from zero
      before = value;
      counted.insert(time);
    }
  }
  const std::set<std::string> semaphores{"waiting for dma", "waiting for tensor",
                                         "waiting for vector", "waiting for scalar"};
  std::size_t waits = 0;
  for (const char* engine : {"Tensor", "Vector", "Scalar", "GpSimd", "Sync"}) {
    for (const TraceSlice& slice : run.row(std::string(engine) + "(nc0) wait")) {
      if (semaphores.count(slice.name) != 0) {
        INFO(engine << " " << slice.name << " until " << slice.start_ps + slice.duration_ps);
        CHECK(counted.count(slice.start_ps + slice.duration_ps - kLatency) == 1);
        ++waits;
      }
    }
  }
  CHECK(waits > 100);
}

TEST_CASE("waves change nothing, and --signals alone or without a match is refused") {
  const ScratchFolder scratch;
  const std::string command = "%N run %S/models/mini_lm.toml --config trn1 --numerics off --quiet";
  const Outcome plain = shell(command + " --out " + (scratch / "plain"));
  const Outcome waved =
      shell(command + " --out " + (scratch / "waved") + " --vcd " + (scratch / "w.vcd"));
  CHECK(plain.exit_code == 0);
  CHECK(waved.text == plain.text);
  CHECK(contents(scratch / "plain/summary.json") == contents(scratch / "waved/summary.json"));

  const Outcome alone = shell(command + " --signals '*'");
  CHECK(alone.exit_code == 2);
  CHECK(alone.text.find("--vcd") != std::string::npos);
  const Outcome none = shell(command + " --vcd " + (scratch / "none.vcd") + " --signals 'nd7.*'");
  INFO(none.text);
  CHECK(none.exit_code == 2);
  CHECK(none.text.find("\"nd7.*\"") != std::string::npos);
  CHECK(none.text.find("nd*.nc*.semaphores.s*") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(scratch / "none.vcd"));
  // Nothing uses that queue of GpSimd's: a signal that might exist, and does not.
  const Outcome unused = shell(command + " --vcd " + (scratch / "unused.vcd") +
                               " --signals '*.qGpSimdIO3.depth' --signals '*.sbuf.port'");
  INFO(unused.text);
  CHECK(unused.exit_code == 0);
}
