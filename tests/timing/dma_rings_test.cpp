// SPDX-License-Identifier: Apache-2.0
// What the rings of a DMA engine cost: barriers after packets of host-built descriptors,
// descriptors in HBM, and reads that must come back before others leave.
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/trace_reader.h"
#include "sim/hw/instance_params.h"
#include "tests/support/programs.h"
#include "tests/support/scratch_folder.h"

using namespace nsim;
using namespace nsim::test;

namespace {

const std::string kTrn1 = NSIM_SOURCE_DIR "/configs/trn1.toml";
const std::string kTrn2 = NSIM_SOURCE_DIR "/configs/trn2_lnc1.toml";
constexpr int kRow = 4096;  // bytes of a partition
constexpr int kRows = 8;    // of one engine

/// Loads of [128, row] bytes, one on each of `queues` queues of Sync, or as many on the first.
struct Loads {
  Loads(const std::string& file, isa::DgeMode mode, int queues,
        const char* setting = "instance.numerics=off", int row = kRow, bool one_queue = false) {
    Config config = Config::load(file);
    config.set(setting);
    params.emplace(config);
    const test::ScratchFolder directory;
    InstanceBench bench(file, {"instance.numerics=off", setting}, directory.path());
    isa::Builder b("loads", bench.hardware().limits().target, 1);
    auto in = b.tensor("in", isa::TensorKind::Input, num::Dtype::Uint8, {128, 2 * kRow});
    for (int q = 0; q < queues; ++q) {
      const auto tile = b.sbuf("tile" + std::to_string(q), num::Dtype::Uint8, 128, row);
      b.dma_copy(isa::Engine::Sync, tile.at(0, {{1, row}}), in.at(0, {{2 * kRow, 128}, {1, row}}),
                 mode)
          .queue = static_cast<std::uint8_t>(one_queue ? 0 : q);
    }
    const Loaded loaded(bench, isa::expand(b.finish(), bench.hardware().limits()));
    bench.submit(unit(hw::UnitType::Compute), loaded.request());
    bench.run();
    bench.traces().close();
    packets = read_trace(directory / "device_profile_model_1.pftrace").slices_of("DMA0(nc0)");
    descriptor_bytes = bench.stat("nd0.hbm0.descriptor_bytes");
    span = bench.stat("nd0.nc0.dma.span");
  }

  SimTime read_latency() const { return 2 * params->fabric.latency + params->hbm.latency; }
  SimTime latency() const {
    return read_latency() + params->fabric.latency + params->core_window.latency;
  }
  SimTime packet() const {
    return params->dma_engine.descriptor_overhead + transfer_time(kRow, params->dma_engine.rate);
  }

  std::optional<hw::InstanceParams> params;
  std::vector<TraceSlice> packets;  // of engine 0
  double descriptor_bytes = 0;
  double span = 0;  // ns
};

}  // namespace

TEST_CASE("With a write barrier a ring rests until a packet's writes were acknowledged") {
  const Loads loads(kTrn1, isa::DgeMode::None, 1);
  REQUIRE(loads.params->dma_engine.write_barrier);
  REQUIRE(loads.params->dma_engine.packet_bytes == kRow);
  REQUIRE(loads.packets.size() == kRows);
  for (std::size_t i = 1; i < loads.packets.size(); ++i) {
    CHECK(loads.packets[i].start_ps == loads.packets[i - 1].start_ps + loads.packet() +
                                           loads.latency() +
                                           loads.params->dma_engine.write_acknowledge);
  }
}

TEST_CASE("Transfers of less than a packet share a barrier with those behind them") {
  // Each is a packet of 2 KiB: 8 rows.
  constexpr int kShort = kRow / 2 / kRows;
  const Loads loads(kTrn1, isa::DgeMode::None, 4, "dma_engine.marker=0ns", kShort, true);
  const hw::DmaEngineParams& dma = loads.params->dma_engine;
  const SimTime packet = kRows * dma.descriptor_overhead + transfer_time(kRows * kShort, dma.rate);
  REQUIRE(loads.packets.size() == 4);
  REQUIRE(packet > loads.params->neuron_core.engines.dma_trigger);
  const std::vector<TraceSlice>& at = loads.packets;
  CHECK(at[1].start_ps == at[0].start_ps + packet);
  CHECK(at[2].start_ps == at[1].start_ps + packet + loads.latency() + dma.write_acknowledge);
  CHECK(at[3].start_ps == at[2].start_ps + packet);
}

TEST_CASE("The engine serves its other rings while one rests") {
  const Loads one(kTrn1, isa::DgeMode::None, 1);
  const Loads two(kTrn1, isa::DgeMode::None, 2);
  CHECK(two.packets.size() == 2 * kRows);
  // The second ring's packets lie in the rests of the first.
  const double packet = static_cast<double>(one.packet()) / kNanosecond;
  CHECK(two.span < one.span + 1.5 * packet);
}

TEST_CASE("Without a barrier packets of host-built descriptors follow each other") {
  const Loads loads(kTrn1, isa::DgeMode::None, 1, "dma_engine.write_barrier=false");
  REQUIRE(loads.packets.size() == kRows);
  for (std::size_t i = 1; i < loads.packets.size(); ++i) {
    CHECK(loads.packets[i].start_ps == loads.packets[i - 1].start_ps + loads.packet());
  }
}

TEST_CASE("Host-built descriptors come from HBM, 32 bytes each; others do not") {
  CHECK(Loads(kTrn2, isa::DgeMode::None, 1).descriptor_bytes == 32 * 128);
  CHECK(Loads(kTrn2, isa::DgeMode::Hwdge, 1).descriptor_bytes == 0);
}

TEST_CASE("A packet takes at least what its reads take to come back") {
  // 16 reads of 256 bytes for a row, of which 2 are on the way at a time.
  const Loads loads(kTrn2, isa::DgeMode::None, 1, "dma_engine.reads_in_flight=2");
  REQUIRE(loads.packets.size() == kRows);
  CHECK(loads.packets[0].duration_ps == loads.read_latency() * 16 / 2);
}

TEST_CASE("Packets of a higher class are moved first, of equal classes in turns") {
  const std::string trn3 = NSIM_SOURCE_DIR "/configs/trn3_lnc1.toml";
  const auto finished = [&](std::uint8_t qos) {
    InstanceBench bench(trn3, {"instance.numerics=off"});
    isa::Builder b("classes", "trn3", 1);
    auto in = b.tensor("in", isa::TensorKind::Input, num::Dtype::Uint8, {128, 16 * kRow});
    const auto big = b.sbuf("big", num::Dtype::Uint8, 128, 16 * kRow);
    const auto small = b.sbuf("small", num::Dtype::Uint8, 128, kRow);
    for (int i = 0; i < 16; ++i) {
      b.dma_copy(isa::Engine::Sync, big.at(i * kRow, {{1, kRow}}),
                 in.at(i * kRow, {{16 * kRow, 128}, {1, kRow}}), isa::DgeMode::None);
    }
    isa::Instruction& urgent =
        b.dma_copy(isa::Engine::Scalar, small.at(0, {{1, kRow}}),
                   in.at(0, {{16 * kRow, 128}, {1, kRow}}), isa::DgeMode::None);
    urgent.qos = qos;
    const Loaded loaded(bench, isa::expand(b.finish(), bench.hardware().limits()));
    bench.submit(unit(hw::UnitType::Compute), loaded.request());
    bench.run();
    return bench.stat("nd0.nc0.dma.queue.qScalarIO0.latency");
  };
  CHECK(finished(1) < 0.7 * finished(0));
}

TEST_CASE("The DMA engine of GpSimd moves beside the 16 of the core") {
  const auto span = [](bool own) {
    InstanceBench bench(kTrn2, {"instance.numerics=off"});
    isa::Builder b("own", "trn2", 1);
    auto in = b.tensor("in", isa::TensorKind::Input, num::Dtype::Uint8, {128, 16 * kRow});
    const auto tile = b.sbuf("tile", num::Dtype::Uint8, 128, 16 * kRow);
    for (int i = 0; i < 16; ++i) {
      // Every fourth row of tiles by GpSimd.
      const bool by_gpsimd = own && i % 4 == 3;
      b.dma_copy(by_gpsimd ? isa::Engine::GpSimd : isa::Engine::Sync,
                 tile.at(i * kRow, {{1, kRow}}), in.at(i * kRow, {{16 * kRow, 128}, {1, kRow}}),
                 by_gpsimd ? isa::DgeMode::GpSimd : isa::DgeMode::None);
    }
    const Loaded loaded(bench, isa::expand(b.finish(), bench.hardware().limits()));
    bench.submit(unit(hw::UnitType::Compute), loaded.request());
    bench.run();
    CHECK(bench.stat("nd0.nc0.dma.gpsimd.bytes") == (own ? 4 * 128 * kRow : 0));
    return bench.stat("nd0.nc0.dma.span");
  };
  // A quarter of the bytes leaves the 16 engines, and 153.5 GB/s take less time for it than they
  // for the rest.
  CHECK(span(true) == Approx(0.75 * span(false)).epsilon(0.1));
}
