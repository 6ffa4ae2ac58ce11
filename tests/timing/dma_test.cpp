// SPDX-License-Identifier: Apache-2.0
// When DMA transfers begin and end: exactly, from the parameters, and within the stated tolerance
// of what was published about trn2.
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "sim/base/trace_reader.h"
#include "sim/hw/instance_params.h"
#include "tests/support/programs.h"
#include "tests/support/scratch_folder.h"

using namespace nsim;
using namespace nsim::test;

namespace {

const std::string kTrn2 = NSIM_SOURCE_DIR "/configs/trn2_lnc1.toml";
const hw::UnitAddress kCompute = unit(hw::UnitType::Compute);

/// `count` loads of [partitions, elements] bf16 tiles by Sync, and what the device trace says of
/// them.
struct Loads {
  Loads(int partitions, int elements, isa::DgeMode mode, int count = 1) : params(resolve()) {
    const test::ScratchFolder directory;
    InstanceBench bench(kTrn2, {"instance.numerics=off"}, directory.path());
    isa::Builder b("loads", "trn2", 1);
    auto in = b.tensor("in", isa::TensorKind::Input, num::Dtype::Bf16, {partitions, elements * 2});
    std::vector<isa::BufferRef> tiles;
    for (int i = 0; i < 4; ++i) {
      tiles.push_back(b.sbuf("tile" + std::to_string(i), num::Dtype::Bf16, partitions, elements));
    }
    b.label("kernel.py:7");
    for (int i = 0; i < count; ++i) {
      b.dma_copy(isa::Engine::Sync, tiles[static_cast<std::size_t>(i % 4)].at(0, {{1, elements}}),
                 in.at(0, {{elements * 2, partitions}, {1, elements}}), mode);
    }
    const Loaded loaded(bench, isa::expand(b.finish(), bench.hardware().limits()));
    bench.submit(kCompute, loaded.request());
    bench.run();
    bench.traces().close();
    trace = read_trace(directory / "device_profile_model_1.pftrace");
    busy = static_cast<SimTime>(bench.stat("nd0.nc0.dma.engine0.busy") * kNanosecond + 0.5);
  }

  static hw::InstanceParams resolve() {
    Config config = Config::load(kTrn2);
    return hw::InstanceParams(config);
  }

  std::vector<TraceSlice> packets() { return trace.slices_of("DMA0(nc0)"); }
  std::vector<TraceSlice> transfers(const std::string& queue) { return trace.slices_of(queue); }

  /// From the trigger to the first read.
  SimTime to_first_read(SimTime generation) const {
    return generation + params.dma_engine.start_latency;
  }
  /// Latency of an HBM read, there and back.
  SimTime read_latency() const { return 2 * params.fabric.latency + params.hbm.latency; }
  SimTime write_latency() const { return params.fabric.latency + params.core_window.latency; }
  SimTime packet(std::int64_t rows, std::int64_t row_bytes) const {
    return rows * params.dma_engine.descriptor_overhead +
           transfer_time(rows * row_bytes, params.dma_engine.rate);
  }

  hw::InstanceParams params;
  TraceFile trace;
  SimTime busy = 0;
};

double nanoseconds(SimTime time) {
  return static_cast<double>(time) / kNanosecond;
}

}  // namespace

TEST_CASE("A load takes generation, start, descriptors, latencies and acknowledge") {
  Loads loads(128, 512, isa::DgeMode::None);
  const TraceSlice transfer = loads.transfers("qSyncIO0(nc0)").at(0);
  // 8 rows of 1 KiB for each engine, 4 KiB in a packet.
  const std::vector<TraceSlice> packets = loads.packets();
  const SimTime first = loads.to_first_read(loads.params.dge.static_latency);
  REQUIRE(packets.size() == 2);
  CHECK(packets[0].start_ps - transfer.start_ps == first);
  CHECK(packets[0].duration_ps == loads.packet(4, 1024));
  CHECK(packets[1].start_ps == packets[0].start_ps + packets[0].duration_ps);
  CHECK(transfer.duration_ps == first + 2 * loads.packet(4, 1024) + loads.read_latency() +
                                    loads.write_latency() +
                                    loads.params.dma_engine.write_acknowledge);
  // What the slice says of the part in which engines moved it.
  CHECK(transfer.texts.at("label") == "kernel.py:7");
  CHECK(packets[0].texts.at("label") == "kernel.py:7");
  CHECK(transfer.numbers.at("descriptors") == 128);
  CHECK(transfer.numbers.at("begun_ps") == packets[0].start_ps);
  CHECK(transfer.numbers.at("moved_ps") == packets[1].start_ps + packets[1].duration_ps);
}

TEST_CASE("Packets of one engine follow each other without a gap") {
  Loads loads(128, 512, isa::DgeMode::None, 4);
  const std::vector<TraceSlice> packets = loads.packets();
  REQUIRE(packets.size() == 8);
  for (std::size_t i = 1; i < packets.size(); ++i) {
    CHECK(packets[i].start_ps == packets[i - 1].start_ps + packets[i - 1].duration_ps);
  }
}

TEST_CASE("Descriptors moved in packets take the time they take one by one") {
  // The same instruction stream, 64 descriptors or one at a time: what memory and the engine do is
  // the same, only rounded more often.
  const auto span = [](const char* packet, isa::DgeMode mode) {
    InstanceBench bench(kTrn2, {"instance.numerics=off", packet});
    isa::Builder b("loads", "trn2", 1);
    auto in = b.tensor("in", isa::TensorKind::Input, num::Dtype::Bf16, {128, 8192});
    const auto tile = b.sbuf("tile", num::Dtype::Bf16, 128, 8192);
    for (int i = 0; i < 32; ++i) {
      const isa::Engine queue = i % 2 == 0 ? isa::Engine::Sync : isa::Engine::Scalar;
      b.dma_copy(queue, tile.at(i * 256, {{1, 256}}), in.at(i * 256, {{8192, 128}, {1, 256}}),
                 mode);
    }
    const Loaded loaded(bench, isa::expand(b.finish(), bench.hardware().limits()));
    bench.submit(kCompute, loaded.request());
    bench.run();
    return bench.stat("nd0.nc0.dma.span");
  };
  for (const isa::DgeMode mode : {isa::DgeMode::None, isa::DgeMode::Hwdge}) {
    const double batched = span("dma_engine.packet_descriptors=64", mode);
    const double single = span("dma_engine.packet_descriptors=1", mode);
    CHECK(batched == Approx(single).epsilon(1e-4));
  }
}

TEST_CASE("The busy statistic of an engine is the sum of its slices") {
  Loads loads(96, 200, isa::DgeMode::Hwdge, 7);
  CHECK(loads.trace.busy("DMA0(nc0)") == loads.busy);
}

TEST_CASE("Hardware generation delays a transfer, and its block takes one at a time") {
  Loads loads(128, 64, isa::DgeMode::Hwdge, 2);
  const auto transfers = loads.transfers("qSyncDynamicHW(nc0)");
  const auto packets = loads.packets();
  REQUIRE(packets.size() == 2);
  CHECK(packets[0].start_ps - transfers[0].start_ps ==
        loads.to_first_read(loads.params.dge.hardware_latency));
  CHECK(packets[1].start_ps - packets[0].start_ps >= loads.params.dge.hardware_interval);
}

TEST_CASE(
    "Published: one engine moves 32 KiB in 1416 ns, first data about 1 us after the trigger") {
  Loads loads(4, 4096, isa::DgeMode::Hwdge);
  const TraceSlice transfer = loads.transfers("qSyncDynamicHW(nc0)").at(0);
  const TraceSlice packet = loads.packets().at(0);
  CHECK(nanoseconds(packet.duration_ps) == Approx(1416).epsilon(0.10));
  CHECK(nanoseconds(packet.start_ps + loads.read_latency() - transfer.start_ps) ==
        Approx(1000).epsilon(0.25));
}

TEST_CASE("Published: first data of a [128, 128] load 739 ns after the trigger") {
  Loads loads(128, 128, isa::DgeMode::None);
  const TraceSlice transfer = loads.transfers("qSyncIO0(nc0)").at(0);
  const TraceSlice packet = loads.packets().at(0);
  CHECK(nanoseconds(packet.start_ps + loads.read_latency() - transfer.start_ps) ==
        Approx(739).epsilon(0.25));
}

TEST_CASE("Published: streams of 1 KiB and 4 KiB rows run at 259 and 354 GB/s") {
  const struct {
    int elements;
    double rate;
  } cases[] = {{512, 259}, {2048, 354}};
  for (const auto& c : cases) {
    Loads loads(128, c.elements, isa::DgeMode::None, 32);
    const auto packets = loads.packets();
    const SimTime active =
        packets.back().start_ps + packets.back().duration_ps - packets.front().start_ps;
    CHECK(32 * 128 * c.elements * 2 / nanoseconds(active) == Approx(c.rate).epsilon(0.10));
  }
}
