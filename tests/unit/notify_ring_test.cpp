// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/notify_ring.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <utility>
#include <vector>

#include "tests/support/fresh_kernel.h"

using namespace nsim;
using namespace nsim::hw;

namespace {

struct Bench {
  test::FreshKernel kernel;
  std::vector<std::pair<std::uint64_t, Notification>> written;  // address, entry
  NotifyRing ring{[this](std::uint64_t address, const void* from, std::size_t bytes) {
    Notification entry;
    REQUIRE(bytes == sizeof entry);
    std::memcpy(&entry, from, bytes);
    written.emplace_back(address, entry);
  }};

  bool post(std::uint32_t tag = 1) {
    return ring.post(NotificationType::Notify, DeviceError::None, tag);
  }
};

}  // namespace

TEST_CASE("A notification ring that was not programmed takes nothing") {
  Bench b;
  CHECK_FALSE(b.post());
  CHECK_FALSE(b.ring.post_overflow(1));
  CHECK(b.written.empty());
}

TEST_CASE("Entries follow each other, and the phase toggles at every wrap") {
  Bench b;
  b.ring.set_base(1000);
  b.ring.set_size(4);
  for (std::uint32_t i = 0; i < 12; ++i) {
    b.ring.set_head(i);
    REQUIRE(b.post(i));
    const auto& [address, entry] = b.written.back();
    CHECK(address == 1000 + i % 4 * sizeof(Notification));
    CHECK(entry.phase == (i / 4 == 1 ? 0 : 1));
    CHECK(entry.tag == i);
  }
}

TEST_CASE("Two entries are kept back for the overflow, and reading gives room again") {
  Bench b;
  b.ring.set_base(1000);
  b.ring.set_size(8);
  for (int i = 0; i < 6; ++i) {
    CHECK(b.post());
  }
  CHECK_FALSE(b.post());
  CHECK(b.ring.post_overflow(7));
  REQUIRE(b.written.size() == 8);
  CHECK(b.written[6].second.type == NotificationType::Error);
  CHECK(b.written[6].second.error == DeviceError::NotificationOverflow);
  CHECK(b.written[7].second.type == NotificationType::Notify);
  b.ring.set_head(8);
  CHECK(b.post());
}

TEST_CASE("Programming the base of a notification ring starts it anew") {
  Bench b;
  b.ring.set_base(1000);
  b.ring.set_size(8);
  CHECK(b.post());
  b.ring.set_base(2000);
  CHECK(b.post());
  CHECK(b.written.back().first == 2000);
}
