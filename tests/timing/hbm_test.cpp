// SPDX-License-Identifier: Apache-2.0
// Whole programs with both timing models of HBM: streams take the same time, and cores that share a
// stack disturb each other.
#include <catch2/catch.hpp>
#include <fstream>
#include <functional>
#include <initializer_list>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "models/lower.h"
#include "models/model.h"
#include "sim/hw/hbm.h"
#include "sim/isa/text.h"
#include "tests/support/programs.h"
#include "tests/support/scratch_folder.h"

using namespace nsim;
using namespace nsim::test;

namespace {

const std::string kSource = NSIM_SOURCE_DIR;
const std::string kTrn1 = kSource + "/configs/trn1.toml";
const std::string kTrn2 = kSource + "/configs/trn2.toml";
const std::string kTrn2OneCore = kSource + "/configs/trn2_lnc1.toml";

using Make = std::function<isa::Program(const isa::Limits&)>;

struct Run {
  SimTime time = 0;     // of the first core's program
  double dma_span = 0;  // ns in which its DMA engines moved something
  double bytes = 0;     // of the first stack
  double turnarounds = 0;
  double rate() const { return bytes / dma_span * 1e9; }
};

constexpr const char* kOff = "instance.numerics=off";
constexpr const char* kBanked = "hbm.model=banked";
constexpr const char* kBandwidth = "hbm.model=bandwidth";
constexpr const char* kTurning = "hbm.turnaround=true";  // of the bandwidth model
constexpr const char* kNotTurning = "hbm.turnaround=false";

/// Runs the program on the first `cores` logical cores at the same time.
Run run(const std::string& config, std::initializer_list<const char*> settings, const Make& make,
        int cores = 1) {
  InstanceBench bench(config, settings);
  const isa::Limits limits = bench.hardware().limits();
  std::vector<std::unique_ptr<Loaded>> loaded;
  for (int core = 0; core < cores; ++core) {
    loaded.push_back(std::make_unique<Loaded>(bench, isa::expand(make(limits), limits), core));
    if (core > 0) {
      // Not the tensors of the core before.
      for (std::uint64_t& address : loaded.back()->bindings) {
        address += static_cast<std::uint64_t>(core) << 30;
      }
    }
    bench.submit(unit(hw::UnitType::Compute, core), loaded.back()->request());
  }
  bench.run();
  for (int core = 0; core < cores; ++core) {
    REQUIRE(bench.results(unit(hw::UnitType::Compute, core)) ==
            std::vector<hw::DeviceError>{hw::DeviceError::None});
  }
  const auto& entries = bench.entries(unit(hw::UnitType::Compute));
  REQUIRE(entries.back().notification.type == hw::NotificationType::Notify);
  Run result;
  result.time = static_cast<SimTime>(entries.back().notification.timestamp -
                                     entries.front().notification.timestamp);
  result.bytes = bench.stat("nd0.hbm0.read_bytes") + bench.stat("nd0.hbm0.write_bytes");
  result.dma_span = bench.stat("nd0.nc0.dma.span");
  result.turnarounds = bench.stat("nd0.hbm0.turnarounds");
  return result;
}

/// Time of the banked model to that of the bandwidth model.
double ratio(const std::string& config, const char* turning, const Make& make, int cores = 1) {
  const Run banked = run(config, {kOff, kBanked}, make, cores);
  const Run bandwidth = run(config, {kOff, kBandwidth, turning}, make, cores);
  return banked.dma_span / bandwidth.dma_span;
}

Make model(const std::string& name) {
  return [name](const isa::Limits& limits) {
    return ml::lower(ml::load_model(kSource + "/models/" + name + ".toml"), limits);
  };
}

isa::Program vector_add(const isa::Limits&) {
  const std::string path = kSource + "/models/vector_add.nasm";
  return isa::parse_text(test::contents(path), path);
}

constexpr std::int64_t kColumns = 2048;  // bf16: rows of 4 KiB
constexpr std::int64_t kTiles = 64;

/// Tile after tile through SBUF, loads and stores on queues of their own, on all 16 engines.
isa::Program copy_through_sbuf(const isa::Limits& limits) {
  isa::Builder b("copy", limits.target, limits.cores_per_logical);
  const std::vector<std::int64_t> shape{kTiles * 128, kColumns};
  auto in = b.tensor("in", isa::TensorKind::Input, num::Dtype::Bf16, shape);
  auto out = b.tensor("out", isa::TensorKind::Output, num::Dtype::Bf16, shape);
  auto tiles = b.sbuf("tiles", num::Dtype::Bf16, 128, 4 * kColumns);
  b.loop("t", 0, kTiles, 1, [&](isa::Var t) {
    const auto tile = tiles.at(t % 4 * kColumns, {{1, kColumns}});
    const std::vector<isa::Dim> rows{{kColumns, 128}, {1, kColumns}};
    b.dma_copy(isa::Engine::Sync, tile, in.at(t * (128 * kColumns), rows));
    b.dma_copy(isa::Engine::Scalar, out.at(t * (128 * kColumns), rows), tile);
  });
  return b.finish();
}

/// From HBM to HBM: reads and writes of all 16 engines, as fast as they can, 64 KiB each at a time.
isa::Program copy_in_hbm(const isa::Limits& limits) {
  isa::Builder b("copy", limits.target, limits.cores_per_logical);
  const std::int64_t piece = 512 << 10;
  const std::int64_t pieces = 16;
  auto in = b.tensor("in", isa::TensorKind::Input, num::Dtype::Bf16, {pieces * piece});
  auto out = b.tensor("out", isa::TensorKind::Output, num::Dtype::Bf16, {pieces * piece});
  b.loop("i", 0, pieces, 1, [&](isa::Var i) {
    b.dma_copy(isa::Engine::Sync, out.at(i * piece, {{1, piece}}), in.at(i * piece, {{1, piece}}));
  });
  return b.finish();
}

}  // namespace

TEST_CASE("Streaming programs take the same time with both models, within 5 %") {
  const struct {
    const char* what;
    std::string config;
    Make make;
  } cases[] = {
      {"gemm_4096 on trn2", kTrn2, model("gemm_4096")},
      {"gemm_2048 on trn1", kTrn1, model("gemm_2048")},
      {"llama3_8b_decode on trn2", kTrn2, model("llama3_8b_decode")},
      {"vector_add on trn1", kTrn1, vector_add},
      {"copy through SBUF on trn1", kTrn1, copy_through_sbuf},
      {"copy through SBUF on trn2", kTrn2OneCore, copy_through_sbuf},
  };
  for (const auto& c : cases) {
    for (const char* turning : {kNotTurning, kTurning}) {
      INFO(c.what << ", " << turning);
      CHECK(ratio(c.config, turning, c.make) == Approx(1).epsilon(0.05));
    }
  }
  CHECK(ratio(kTrn2OneCore, kTurning, copy_through_sbuf, 2) == Approx(1).epsilon(0.05));
}

TEST_CASE("A stack full of reads and writes loses its turnarounds, in both models alike") {
  for (const std::string& config : {kTrn1, kTrn2OneCore}) {
    INFO(config);
    CHECK(ratio(config, kTurning, copy_in_hbm) == Approx(1).epsilon(0.05));
    CHECK(ratio(config, kTurning, copy_in_hbm, 2) == Approx(1).epsilon(0.05));

    // Every DMA engine reads 64 KiB and writes them; that is what a bus has between two turns.
    Config parsed = Config::load(config);
    const hw::HbmParams params(ParamScope(parsed, "hbm"));
    const SimTime pair = 2 * transfer_time(64 << 10, params.bandwidth);
    const double expected =
        static_cast<double>(pair) / static_cast<double>(pair + params.bus.t_rtw + params.bus.t_wtr);
    const Run banked = run(config, {kOff, kBanked}, copy_in_hbm);
    CHECK(banked.rate() / static_cast<double>(params.bandwidth) == Approx(expected).epsilon(0.07));
    CHECK(banked.turnarounds > 0);
  }
}

TEST_CASE("Two cores that share a stack disturb each other, two with their own do not") {
  for (const char* hbm : {kBanked, kBandwidth}) {
    const Run alone = run(kTrn2OneCore, {kOff, hbm}, copy_in_hbm, 1);
    const Run shared = run(kTrn2OneCore, {kOff, hbm}, copy_in_hbm, 2);
    const double slower = shared.dma_span / alone.dma_span;
    INFO(hbm);
    CHECK(slower > 1.7);
    CHECK(slower < 2.1);

    const Run one = run(kTrn1, {kOff, hbm}, copy_in_hbm, 1);
    CHECK(run(kTrn1, {kOff, hbm}, copy_in_hbm, 2).time == one.time);
  }
}

TEST_CASE("The what-if file is trn2 with the banked model") {
  const Make gemm = model("gemm_1024");
  CHECK(run(kSource + "/configs/whatif/trn2_hbm_banked.toml", {kOff}, gemm).time ==
        run(kTrn2, {kOff, kBanked}, gemm).time);
}
