// SPDX-License-Identifier: Apache-2.0
// Every number of the summary can be found in the traces: read them back and add up.
#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "sim/base/trace_reader.h"
#include "tests/tools/nsim_process.h"

using namespace nsim;
using namespace nsim::test;

namespace {

double nanoseconds(SimTime time) {
  return static_cast<double>(time) / kNanosecond;
}

const std::map<std::string, std::string> kTrackOfEngine{{"tensor", "Tensor"},
                                                        {"vector", "Vector"},
                                                        {"scalar", "Scalar"},
                                                        {"gpsimd", "GpSimd"},
                                                        {"sync", "Sync"}};

/// Sum of the exact durations on tracks whose own name is `track`, of slices named `slice` (all
/// when empty).
double sum(const TraceFile& trace, const std::string& track, const std::string& slice = "") {
  SimTime total = 0;
  for (const TraceTrack& candidate : trace.tracks) {
    if (candidate.name != track) {
      continue;
    }
    for (const TraceSlice& found : trace.slices) {
      if (found.track == candidate.uuid && !found.is_instant &&
          (slice.empty() || found.name == slice)) {
        total += found.duration_ps;
      }
    }
  }
  return nanoseconds(total);
}

struct Run {
  ScratchFolder scratch;
  nlohmann::json summary;
  TraceFile device;
  TraceFile system;

  explicit Run(const std::string& options) {
    const Outcome outcome =
        shell("%N run %S/models/gemm_1024.toml --out " + (scratch / "out") + " " + options);
    INFO(outcome.text);
    REQUIRE(outcome.exit_code == 0);
    summary = summary_of(scratch / "out");
    device = read_trace(scratch / "out/device_profile_model_1.pftrace");
    system = read_trace(scratch / "out/system_profile.pftrace");
  }
  double stat(const std::string& name) const {
    return summary.at("statistics").at(name).at("value");
  }
};

}  // namespace

TEST_CASE("engine busy and idle times of the summary are the sums of the device trace") {
  for (const char* config : {"trn1", "trn2"}) {
    const Run run(std::string("--requests 3 --config ") + config);
    const int cores = run.summary.at("summary").at("active_cores");
    for (const auto& [engine, track] : kTrackOfEngine) {
      double busy = 0;
      for (int core = 0; core < cores; ++core) {
        const std::string row = fmt::format("{}(nc{})", track, core);
        busy += sum(run.device, row);
        for (const auto& [name, stat] : run.summary.at("statistics").items()) {
          const std::string prefix = fmt::format("nd0.nc{}.{}.idle_", core, engine);
          if (name.compare(0, prefix.size(), prefix) == 0) {
            double waited = 0;
            for (const TraceTrack& candidate : run.device.tracks) {
              if (candidate.name == row + " wait") {
                for (const TraceSlice& slice : run.device.slices) {
                  if (slice.track == candidate.uuid &&
                      slice.name.find(name.substr(prefix.size())) != std::string::npos) {
                    waited += nanoseconds(slice.duration_ps);
                  }
                }
              }
            }
            INFO(config << " " << name);
            REQUIRE(waited == Approx(stat.at("value").get<double>()).margin(1e-3));
          }
        }
      }
      INFO(config << " " << engine);
      REQUIRE(
          busy ==
          Approx(run.summary.at("engines").at(engine).at("busy_ns").get<double>()).margin(1e-3));
    }
  }
}

TEST_CASE("DMA engine busy times and bytes of the summary are the sums of the device trace") {
  const Run run("--requests 2 --config trn2");
  double bytes = 0;
  for (int core = 0; core < 2; ++core) {
    for (int engine = 0; engine < 16; ++engine) {
      const std::string track = fmt::format("DMA{}(nc{})", engine, core);
      REQUIRE(
          sum(run.device, track) ==
          Approx(run.stat(fmt::format("nd0.nc{}.dma.engine{}.busy", core, engine))).margin(1e-3));
      for (const TraceTrack& candidate : run.device.tracks) {
        for (const TraceSlice& slice : run.device.slices) {
          if (candidate.name == track && slice.track == candidate.uuid) {
            bytes += static_cast<double>(slice.numbers.at("bytes"));
          }
        }
      }
    }
  }
  REQUIRE(bytes == run.summary.at("summary").at("dma_transfer_total_bytes").get<double>());
}

TEST_CASE("time per request of the summary is the mean of nc_exec_running in the system trace") {
  const Run run("--requests 5 --depth 2 --config trn1");
  double total = 0;
  int count = 0;
  for (const TraceSlice& slice : run.system.slices) {
    if (slice.name == "nc_exec_running") {
      total += nanoseconds(slice.duration_ps);
      ++count;
    }
  }
  REQUIRE(count == 5);
  REQUIRE(total / count ==
          Approx(run.summary.at("summary").at("time_per_request_ns").get<double>()).margin(1e-3));
}
