// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/address_map.h"

#include <catch2/catch.hpp>

using namespace nsim::hw;

namespace {

AddressMap make_map() {
  AddressMap::Layout layout;
  layout.devices = 2;
  layout.stacks = 4;
  layout.hbm_stride = 256ULL << 30;
  layout.hbm_bytes = 24ULL << 30;
  layout.cores = 8;
  layout.partition_bytes = 224 << 10;
  layout.units = 44;
  return AddressMap(layout);
}

}  // namespace

TEST_CASE("Every thing of a device is located at its own address") {
  const AddressMap map = make_map();
  for (int device = 0; device < 2; ++device) {
    for (int stack = 0; stack < 4; ++stack) {
      const Location at = map.locate(map.hbm(device, stack) + 77, 8);
      CHECK((at.region == Region::Hbm && at.device == device && at.index == stack));
      CHECK(at.offset == 77);
    }
    for (int core = 0; core < 8; ++core) {
      const Location at = map.locate(map.sbuf(device, core, 127, 1000), 8);
      CHECK((at.region == Region::Sbuf && at.device == device && at.index == core));
      CHECK(at.offset == 127 * AddressMap::kPartitionStride + 1000);
    }
    const Location at = map.locate(map.registers(device, 43) + kDoorbell, 8);
    CHECK((at.region == Region::Registers && at.device == device));
    CHECK(at.offset == 43 * kUnitRegisterBytes + kDoorbell);
  }
}

TEST_CASE("The last byte of a region is inside, the next is not") {
  const AddressMap map = make_map();
  const std::uint64_t stack = map.hbm(1, 3);
  CHECK(map.locate(stack + (24ULL << 30) - 8, 8).region == Region::Hbm);
  CHECK(map.locate(stack + (24ULL << 30) - 8, 9).region == Region::None);
  CHECK(map.locate(stack, UINT64_MAX).region == Region::None);
  const std::uint64_t partition = map.sbuf(0, 2, 5, 0);
  CHECK(map.locate(partition, 224 << 10).region == Region::Sbuf);
  CHECK(map.locate(partition, (224 << 10) + 1).region == Region::None);
  CHECK(map.locate(map.registers(0, 44), 8).region == Region::None);
}

TEST_CASE("Devices, cores and host addresses that do not exist are nowhere") {
  const AddressMap map = make_map();
  CHECK(map.locate(2ULL << kDeviceShift, 1).region == Region::None);
  CHECK(map.locate(map.sbuf(0, 8, 0, 0), 1).region == Region::None);
  CHECK(map.locate(AddressMap::kCoreWindow - 1, 1).region == Region::None);
  CHECK(map.locate(kHostWindow, 1).region == Region::None);
  CHECK(map.locate(kHostWindow | 0x1000, 1).region == Region::Host);
  CHECK(map.locate(UINT64_MAX, 1).region == Region::None);
}
