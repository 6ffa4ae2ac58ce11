// SPDX-License-Identifier: Apache-2.0
// Collectives against the parameters of what they use: links, DMA engines, HBM, collectives cores.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "sim/hw/instance_params.h"
#include "tests/support/collectives.h"
#include "tests/support/programs.h"

using namespace nsim;
using namespace nsim::hw;
using namespace nsim::test;

namespace {

const std::string kTrn1 = NSIM_SOURCE_DIR "/configs/trn1.toml";
const std::string kTrn1x16 = NSIM_SOURCE_DIR "/configs/trn1_32xl.toml";
// Rings do not wait for their writes, so that what is looked at is what limits.
const char* const kNoBarriers = "dma_engine.write_barrier=false";
constexpr std::uint64_t kLarge = 32 << 20;

InstanceParams params(const std::string& file) {
  Config config = Config::load(file);
  return InstanceParams(config);
}

/// Of a barrier and of an all-gather of nothing much between two cores: everything but bytes.
SimTime small_duration(const std::string& config, int other) {
  InstanceBench bench(config, {"instance.numerics=off", kNoBarriers});
  Collectives collectives(bench, {0, other}, 64);
  collectives.submit_all(CollectiveOp::AllGather);
  bench.run();
  return collectives.duration();
}

/// Of a copy inside a device: a rank's own block, which its engines move before they send it.
SimTime copy_duration(const InstanceParams& p) {
  const auto share = static_cast<std::int64_t>(kLarge) / p.device.dma_engines;
  const SimTime engines = transfer_time(share, p.dma_engine.rate) +
                          share / p.cc_core.packet_bytes * p.dma_engine.descriptor_overhead;
  return std::max(engines, transfer_time(2 * kLarge, p.hbm.bandwidth));  // read and written
}

}  // namespace

TEST_CASE("a barrier takes the launch, an instruction and the way of a message") {
  for (const bool far : {false, true}) {
    const InstanceParams p = params(kTrn1x16);
    InstanceBench bench(kTrn1x16);
    Collectives collectives(bench, {0, far ? 8 : 1}, 64);  // in one device, or two rows away
    for (std::size_t rank = 0; rank < 2; ++rank) {
      collectives.submit(rank, collectives.make(CollectiveOp::Barrier, rank));
    }
    bench.run();
    const std::int64_t bytes = sizeof(CollectiveHeader);
    const SimTime way = far ? p.neuron_link.latency +
                                  transfer_time(bytes, p.neuron_link.bandwidth) +
                                  2 * p.fabric.remote_latency
                            : p.fabric.remote_latency;
    // Both units start at the same moment when each has a host link of its own; on one device the
    // second waits for the descriptors of the first.
    const auto started = [&](std::size_t rank) {
      return static_cast<SimTime>(
          bench.entries(collectives.unit(rank)).front().notification.timestamp);
    };
    const SimTime skew = std::abs(started(0) - started(1));
    CHECK(collectives.duration() ==
          skew + p.execution_unit.launch_latency + p.cc_core.instruction + way);
  }
}

TEST_CASE("between two devices the link limits, and its rate is what a large collective gets") {
  const InstanceParams p = params(kTrn1x16);
  for (const char* setting : {"neuron_link.bandwidth=48GB/s", "neuron_link.bandwidth=24GB/s"}) {
    InstanceBench bench(kTrn1x16, {"instance.numerics=off", kNoBarriers, setting});
    Collectives collectives(bench, {0, 2}, kLarge);
    collectives.submit_all(CollectiveOp::AllGather);
    bench.run();
    const std::int64_t rate = setting[23] == '8' ? 48 : 24;
    const SimTime expected =
        copy_duration(p) + transfer_time(kLarge, rate * 1000000000) + small_duration(kTrn1x16, 2);
    CHECK(static_cast<double>(collectives.duration()) ==
          Approx(static_cast<double>(expected)).epsilon(0.01));
    // What is gathered goes over the link once in each direction, beside messages.
    for (const char* pipe : {"nd0_to_nd1", "nd1_to_nd0"}) {
      CHECK(bench.stat(std::string("neuron_link.") + pipe + ".bytes") ==
            Approx(static_cast<double>(kLarge)).epsilon(1e-4));
    }
    CHECK(bench.stat("nd1.hbm0.write_bytes") == 2.0 * kLarge);
  }
}

TEST_CASE("two collectives over one link share it") {
  const InstanceParams p = params(kTrn1x16);
  InstanceBench bench(kTrn1x16, {"instance.numerics=off", kNoBarriers});
  Collectives first(bench, {0, 2}, kLarge);
  Collectives second(bench, {1, 3}, kLarge);
  first.submit_all(CollectiveOp::AllGather);
  second.submit_all(CollectiveOp::AllGather);
  bench.run();
  const SimTime expected = copy_duration(p) + transfer_time(2 * kLarge, p.neuron_link.bandwidth) +
                           small_duration(kTrn1x16, 2);
  for (Collectives* collectives : {&first, &second}) {
    CHECK(static_cast<double>(collectives->duration()) ==
          Approx(static_cast<double>(expected)).epsilon(0.02));
  }
}

TEST_CASE("a reduction reads every source at half the copy rate of the engines") {
  const InstanceParams p = params(kTrn1);
  InstanceBench bench(kTrn1, {"instance.numerics=off", "hbm.bandwidth=100TB/s", kNoBarriers});
  Collectives collectives(bench, {0, 1}, kLarge);
  collectives.submit_all(CollectiveOp::ReduceScatter);
  bench.run();
  // Half of the result on each core, out of two sources.
  const std::int64_t engines = p.device.dma_engines;
  const auto bytes = static_cast<std::int64_t>(2 * kLarge / 2);
  const double moving = static_cast<double>(transfer_time(bytes / engines, p.dma_engine.rate)) /
                        (2 * p.dge.compute_rate);
  const double descriptors =
      2.0 * static_cast<double>(kLarge / 2) / static_cast<double>(p.cc_core.packet_bytes * engines);
  const double overhead = descriptors * static_cast<double>(p.dma_engine.descriptor_overhead);
  CHECK(static_cast<double>(collectives.duration()) ==
        Approx(moving + overhead + static_cast<double>(small_duration(kTrn1, 1))).epsilon(0.02));
  CHECK(bench.stat("nd0.hbm0.read_bytes") == static_cast<double>(kLarge));
}

TEST_CASE("collectives and the DMA of a program take the engines from each other") {
  constexpr std::int64_t kRow = 32 * 1024;
  SimTime alone = 0;
  double program_alone = 0;
  for (const bool together : {false, true}) {
    for (const bool program : {false, true}) {
      if (together && !program) {
        continue;
      }
      InstanceBench bench(kTrn1, {"instance.numerics=off"});
      isa::Builder b("stream", "trn1", 1);
      const auto in = b.tensor("in", isa::TensorKind::Input, num::Dtype::Uint8, {2048, kRow});
      const auto tile = b.sbuf("tile", num::Dtype::Uint8, 128, 4 * kRow);
      for (std::int64_t part = 0; part < 16; ++part) {
        b.dma_copy(isa::Engine::Sync, tile.at(part % 4 * kRow, {{1, kRow}}),
                   in.at(part * 128 * kRow, {{kRow, 128}, {1, kRow}}));
      }
      const Loaded loaded(bench, isa::expand(b.finish(), bench.hardware().limits()));
      Collectives collectives(bench, {0, 1}, kLarge, 1 << 30);
      if (together || !program) {
        collectives.submit_all(CollectiveOp::AllGather);
      }
      if (program) {
        bench.submit(unit(UnitType::Compute), loaded.request());
      }
      bench.run();
      const double busy = bench.stat("nd0.lnc0.compute0.busy");
      if (together) {
        CHECK(collectives.duration() > alone + alone / 4);
        CHECK(busy > 1.25 * program_alone);
        // The engines of core 0 moved both; they cannot have taken less than one after the other.
        CHECK(bench.stat("nd0.nc0.dma.engine0.bytes") ==
              static_cast<double>(kLarge * 2 + 64 * 1024 * 1024) / 16);
      } else if (program) {
        program_alone = busy;
      } else {
        alone = collectives.duration();
      }
    }
  }
}
