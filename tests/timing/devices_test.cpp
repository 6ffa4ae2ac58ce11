// SPDX-License-Identifier: Apache-2.0
// What the device files add up to, against what is published of each generation.
#include <catch2/catch.hpp>
#include <string>

#include "tests/support/programs.h"

using namespace nsim;
using namespace nsim::hw;
using namespace nsim::test;

TEST_CASE("DMA engines reach the practical rate of their generation with long rows") {
  struct Published {
    const char* config;
    const char* target;
    double gigabytes;  // per second and engine: NKI DMA bandwidth guide; inf2 has trn1's
  };
  constexpr std::int64_t kRow = 32 * 1024;
  for (const Published& published :
       {Published{"inf2", "inf2", 17}, Published{"trn1", "trn1", 17},
        Published{"trn2_lnc1", "trn2", 23}, Published{"trn3_lnc1", "trn3", 33}}) {
    CAPTURE(published.config);
    InstanceBench bench(NSIM_SOURCE_DIR "/configs/" + std::string(published.config) + ".toml", {});
    isa::Builder b("stream", published.target, 1);
    const auto in = b.tensor("in", isa::TensorKind::Input, num::Dtype::Uint8, {512, kRow});
    const auto tile = b.sbuf("tile", num::Dtype::Uint8, 128, 4 * kRow);
    for (std::int64_t part = 0; part < 4; ++part) {
      b.dma_copy(isa::Engine::Sync, tile.at(part * kRow, {{1, kRow}}),
                 in.at(part * 128 * kRow, {{kRow, 128}, {1, kRow}}));
    }
    const Loaded loaded(bench, isa::expand(b.finish(), bench.hardware().limits()));
    const UnitAddress compute = unit(UnitType::Compute);
    bench.submit(compute, loaded.request());
    bench.run();
    REQUIRE(bench.results(compute).back() == DeviceError::None);
    for (const int engine : {0, 15}) {
      const std::string prefix = "nd0.nc0.dma.engine" + std::to_string(engine) + ".";
      CHECK(bench.stat(prefix + "bytes") / bench.stat(prefix + "busy") ==
            Approx(published.gigabytes).epsilon(0.1));
    }
  }
}
