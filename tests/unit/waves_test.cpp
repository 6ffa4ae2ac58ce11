// SPDX-License-Identifier: Apache-2.0
#include "sim/base/waves.h"

#include <catch2/catch.hpp>
#include <filesystem>

#include "sim/base/error.h"
#include "tests/support/scratch_folder.h"
#include "tests/support/vcd_reader.h"

using namespace nsim;
using nsim::test::read_vcd;
using nsim::test::ScratchFolder;
using nsim::test::VcdFile;

using Changes = std::vector<std::pair<SimTime, std::int64_t>>;

TEST_CASE("signals that nobody wants are not watched and cost nothing") {
  Waves none;
  CHECK_FALSE(none.enabled());
  Wave wave = none.signal("a.b", 1);
  CHECK_FALSE(wave.watched());
  wave.set(1, 1);
  wave.busy(2, 3);
  wave.cut(4);
  CHECK_NOTHROW(none.close());

  const ScratchFolder folder;
  Waves some({folder / "w.vcd", {"nd0.*.depth"}});
  CHECK(some.signal("nd0.x.depth", 8).watched());
  CHECK_FALSE(some.signal("nd0.x.busy", 1).watched());
}

TEST_CASE("changes come back with their picoseconds, in the order of time") {
  const ScratchFolder folder;
  Waves waves({folder / "w.vcd", {}});
  Wave depth = waves.signal("nd0.unit.depth", 16);
  Wave port = waves.signal("nd0.nc0.port", 1);
  port.busy(4'000'000'000'001, 4'000'000'000'007);  // announced before what happens earlier
  depth.set(1'001, 1);
  depth.set(1'003, 300);
  port.busy(1'002, 1'005);
  waves.close();
  const VcdFile file = read_vcd(folder / "w.vcd");
  CHECK(file.timescale == "1 ps");
  CHECK(file.changes.at("nd0.unit.depth") == Changes{{0, 0}, {1'001, 1}, {1'003, 300}});
  CHECK(file.changes.at("nd0.nc0.port") ==
        Changes{{0, 0}, {1'002, 1}, {1'005, 0}, {4'000'000'000'001, 1}, {4'000'000'000'007, 0}});
}

TEST_CASE(
    "of several changes at one moment the last counts; none that changes nothing is written") {
  const ScratchFolder folder;
  Waves waves({folder / "w.vcd", {}});
  Wave port = waves.signal("port", 1);
  port.busy(10, 20);
  port.busy(20, 30);
  port.set(40, 0);
  waves.close();
  CHECK(read_vcd(folder / "w.vcd").changes.at("port") == Changes{{0, 0}, {10, 1}, {30, 0}});
}

TEST_CASE("what was announced and does not happen is cut off") {
  const ScratchFolder folder;
  Waves waves({folder / "w.vcd", {}});
  Wave port = waves.signal("port", 1);
  Wave other = waves.signal("other", 1);
  port.busy(10, 20);
  port.busy(30, 90);
  other.busy(35, 95);
  port.cut(40);
  port.busy(50, 60);
  waves.close();
  const VcdFile file = read_vcd(folder / "w.vcd");
  CHECK(file.changes.at("port") ==
        Changes{{0, 0}, {10, 1}, {20, 0}, {30, 1}, {40, 0}, {50, 1}, {60, 0}});
  CHECK(file.changes.at("other") == Changes{{0, 0}, {35, 1}, {95, 0}});
}

TEST_CASE("millions of changes are written while they come, with the same result") {
  const ScratchFolder folder;
  Waves waves({folder / "w.vcd", {}});
  SimTime now = 0;
  waves.follow([&] { return now; });
  Wave count = waves.signal("count", 32);
  Wave late = waves.signal("late", 1);
  constexpr SimTime kLast = 2'500'000;
  late.busy(kLast - 1, kLast);
  for (now = 1; now <= kLast; ++now) {
    count.set(now, now);
  }
  waves.close();
  const VcdFile file = read_vcd(folder / "w.vcd");
  const Changes& counted = file.changes.at("count");
  REQUIRE(counted.size() == kLast + 1);
  CHECK(counted.back() == std::pair<SimTime, std::int64_t>{kLast, kLast});
  CHECK(file.changes.at("late") == Changes{{0, 0}, {kLast - 1, 1}, {kLast, 0}});
}

TEST_CASE("signals may appear late, and every one has its scope") {
  const ScratchFolder folder;
  Waves waves({folder / "w.vcd", {}});
  for (int i = 0; i < 200; ++i) {  // more than one character has codes
    Wave wave = waves.signal("nd0.nc" + std::to_string(i % 3) + ".s" + std::to_string(i), 32);
    wave.set(i + 1, i);
  }
  waves.close();
  const VcdFile file = read_vcd(folder / "w.vcd");
  CHECK(file.changes.size() == 200);
  CHECK(file.changes.at("nd0.nc2.s188") == Changes{{0, 0}, {189, 188}});
}

TEST_CASE("a pattern that no signal has is refused with the patterns that there are") {
  const ScratchFolder folder;
  Waves waves({folder / "w.vcd", {"*.depth", "depht"}});
  waves.signal("nd0.nc12.depth", 1);
  waves.signal("nd1.nc3.depth", 1);
  waves.expect({"nd0.q1.busy", "nd0.queue.qSyncIO0.busy", "nd0.queue.qTensorIO.busy"});
  CHECK_THROWS_WITH(waves.check(),
                    Catch::Contains("\"depht\"") &&
                        Catch::EndsWith("there are nd*.nc*.depth, nd*.q*.busy, nd*.queue.*.busy"));
  CHECK_FALSE(waves.enabled());
  CHECK_FALSE(std::filesystem::exists(folder / "w.vcd"));
}

TEST_CASE("a pattern may stand for what appears later or never") {
  const ScratchFolder folder;
  Waves waves({folder / "w.vcd", {"*.busy"}});
  waves.signal("nd0.depth", 1);
  waves.expect({"nd0.q1.busy", "nd0.q2.busy"});
  CHECK_NOTHROW(waves.check());
  waves.signal("nd0.q2.busy", 1);
  waves.close();
  CHECK(read_vcd(folder / "w.vcd").changes.size() == 1);
}

TEST_CASE("a file of waves that cannot be created is told") {
  const ScratchFolder folder;
  CHECK_THROWS_AS(Waves({folder / "no/such/w.vcd", {}}), UserError);
}
