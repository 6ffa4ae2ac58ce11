// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/notify_ring.h"

#include <catch2/catch.hpp>

using namespace nsim::hw;

TEST_CASE("A ring that was not programmed takes nothing") {
  NotifyRing ring;
  CHECK_FALSE(ring.usable());
  CHECK(ring.room() == 0);
}

TEST_CASE("Entries follow each other, and the phase toggles at every wrap") {
  NotifyRing ring;
  ring.set_base(1000);
  ring.set_size(4);
  for (std::uint64_t i = 0; i < 12; ++i) {
    ring.set_head(i);
    const NotifyRing::Slot slot = ring.take();
    CHECK(slot.address == 1000 + i % 4 * sizeof(Notification));
    CHECK(slot.phase == (i / 4 == 1 ? 0 : 1));
  }
}

TEST_CASE("Two entries are kept back, and reading gives room again") {
  NotifyRing ring;
  ring.set_base(1000);
  ring.set_size(8);
  CHECK(ring.room() == 6);
  for (int i = 0; i < 6; ++i) {
    ring.take();
  }
  CHECK(ring.room() == 0);
  ring.set_head(4);
  CHECK(ring.room() == 4);
}

TEST_CASE("Programming the base starts anew") {
  NotifyRing ring;
  ring.set_base(1000);
  ring.set_size(8);
  ring.take();
  ring.set_base(2000);
  CHECK(ring.room() == 6);
  CHECK(ring.take().address == 2000);
}
