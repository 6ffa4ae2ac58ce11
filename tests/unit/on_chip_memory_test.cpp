// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/on_chip_memory.h"

#include <catch2/catch.hpp>

using namespace nsim;

TEST_CASE("on-chip memory is zero and its partitions lie one after the other") {
  const hw::OnChipMemory memory(4096, true);
  REQUIRE(memory.partition_stride() == 4096);
  CHECK(memory.storage()[0] == std::byte{0});
  std::byte* last = memory.storage() + hw::kPartitions * memory.partition_stride() - 1;
  CHECK(*last == std::byte{0});
  *last = std::byte{7};
  CHECK(*last == std::byte{7});
}

TEST_CASE("with numerics off there is no on-chip storage") {
  CHECK(hw::OnChipMemory(4096, false).storage() == nullptr);
}
