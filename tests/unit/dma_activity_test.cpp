// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/dma_activity.h"

#include <catch2/catch.hpp>

using namespace nsim;
using namespace nsim::hw;

namespace {

std::pair<double, double> active_and_span(const DmaActivity& activity) {
  Stats stats;
  activity.report(StatsScope(stats));
  return {stats.value("active"), stats.value("span")};
}

}  // namespace

TEST_CASE("Packets that overlap count once, gaps do not count") {
  DmaActivity activity;
  CHECK(active_and_span(activity) == std::pair<double, double>{0, 0});
  activity.moved(100 * kNanosecond, 200 * kNanosecond);
  activity.moved(150 * kNanosecond, 180 * kNanosecond);  // within
  activity.moved(190 * kNanosecond, 250 * kNanosecond);  // overlaps
  activity.moved(300 * kNanosecond, 310 * kNanosecond);  // after a gap
  CHECK(active_and_span(activity) == std::pair<double, double>{160, 210});
}
