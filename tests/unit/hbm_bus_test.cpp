// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/hbm_bus.h"

#include <catch2/catch.hpp>

using namespace nsim;

namespace {

hw::HbmBusParams turns(std::int64_t write_batch) {
  hw::HbmBusParams made;
  made.t_rtw = 6;
  made.t_wtr = 14;
  made.write_batch = write_batch;
  return made;
}

}  // namespace

TEST_CASE("a bus that is idle longer than the gap turns for nothing") {
  hw::HbmBus bus;
  CHECK(bus.reserve(turns(1000), 0, false, 10, 10) == 0);
  CHECK(bus.reserve(turns(1000), 13, true, 10, 10) == 16);  // 6 after the end at 10
  CHECK(bus.reserve(turns(1000), 50, false, 10, 10) == 50);
  CHECK(bus.turnarounds() == 2);
  CHECK(bus.busy() == 30);
}

TEST_CASE("the first use of a bus turns nothing") {
  hw::HbmBus bus;
  CHECK(bus.reserve(turns(1), 0, true, 10, 10) == 0);
  CHECK(bus.turnarounds() == 0);
}

TEST_CASE("reads between them do not dissolve a batch of writes") {
  hw::HbmBus bus;
  SimTime start = bus.reserve(turns(30), 0, false, 10, 10);
  for (int i = 0; i < 2; ++i) {
    CHECK(bus.reserve(turns(30), 0, true, 10, 10) == start + 10);
    start = bus.reserve(turns(30), 0, false, 10, 10);
  }
  CHECK(bus.turnarounds() == 0);
  CHECK(bus.reserve(turns(30), 0, true, 10, 10) == start + 16);
  CHECK(bus.turnarounds() == 1);
}
