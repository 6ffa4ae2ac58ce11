// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/hbm_bandwidth.h"

#include <catch2/catch.hpp>

using namespace nsim;

TEST_CASE("one pipe: transactions follow each other at the peak rate, latency overlaps") {
  hw::HbmBandwidth stack(1'000'000'000, 150 * kNanosecond);
  const auto first = stack.access({10 * kNanosecond, false, 64, nullptr, 0});
  CHECK(first.end == 74 * kNanosecond);
  CHECK(first.latency == 150 * kNanosecond);
  const auto second = stack.access({20 * kNanosecond, true, 100, nullptr, 0});
  CHECK(second.end == 174 * kNanosecond);
  Stats stats;
  stack.report(StatsScope(stats));
  CHECK(stats.value("busy") == 164);
  CHECK(stats.value("waited") == 54);
}

TEST_CASE("turns between reads and writes cost time when asked for, batches of writes one turn") {
  hw::HbmBusParams turns;
  turns.t_rtw = 5 * kNanosecond;
  turns.t_wtr = 9 * kNanosecond;
  turns.write_batch = 200;
  hw::HbmBandwidth stack(1'000'000'000, 0, turns);
  const auto end = [&](bool write) { return stack.access({0, write, 100, nullptr, 0}).end; };
  CHECK(end(false) == 100 * kNanosecond);
  CHECK(end(true) == 200 * kNanosecond);
  CHECK(end(false) == 300 * kNanosecond);
  CHECK(end(true) == 405 * kNanosecond);
  CHECK(end(true) == 505 * kNanosecond);
  CHECK(end(false) == 614 * kNanosecond);
  Stats stats;
  stack.report(StatsScope(stats));
  CHECK(stats.value("turnarounds") == 2);
}
