// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/instance.h"

#include <catch2/catch.hpp>
#include <numeric>
#include <string>
#include <vector>

#include "tests/support/instance_bench.h"

using namespace nsim;
using namespace nsim::hw;
using namespace nsim::test;

namespace {

const std::string kTrn1 = NSIM_SOURCE_DIR "/configs/trn1.toml";
const std::string kTrn2 = NSIM_SOURCE_DIR "/configs/trn2.toml";
const std::string kTrn2Lnc1 = NSIM_SOURCE_DIR "/configs/trn2_lnc1.toml";

std::vector<std::uint8_t> counting_bytes(std::size_t count) {
  std::vector<std::uint8_t> bytes(count);
  for (std::size_t i = 0; i < count; ++i) {
    bytes[i] = static_cast<std::uint8_t>(i * 7 + i / 256);
  }
  return bytes;
}

}  // namespace

TEST_CASE("The shipped configurations give the documented topologies") {
  SECTION("trn1: two cores with an HBM stack each") {
    InstanceBench bench(kTrn1);
    const Topology& t = bench.hardware().topology();
    CHECK(t.target == "trn1");
    CHECK(t.logical_cores == 2);
    CHECK(t.hbm.size() == 2);
    CHECK(t.hbm_of_core == std::vector<int>{0, 1});
    CHECK_FALSE(bench.hardware().limits().has_hwdge);
  }
  SECTION("trn2: eight cores, two per logical core and stack") {
    InstanceBench bench(kTrn2);
    const Topology& t = bench.hardware().topology();
    CHECK(t.logical_cores == 4);
    CHECK(t.cores_per_logical == 2);
    CHECK(t.hbm_of_core == std::vector<int>{0, 1, 2, 3});
    CHECK(bench.hardware().limits().has_hwdge);
  }
  SECTION("trn2 with LNC 1: two logical cores share a stack") {
    InstanceBench bench(kTrn2Lnc1);
    const Topology& t = bench.hardware().topology();
    CHECK(t.logical_cores == 8);
    CHECK(t.hbm_of_core == std::vector<int>{0, 0, 1, 1, 2, 2, 3, 3});
  }
}

TEST_CASE("Bytes written to the device and read back are the same") {
  for (const std::string& config : {kTrn1, kTrn2}) {
    InstanceBench bench(config);
    const std::vector<std::uint8_t> sent = counting_bytes(300000);
    std::vector<std::uint8_t> received(sent.size());
    bench.submit(unit(UnitType::TensorWrite),
                 copy_request(bench.hbm(), host_address(sent.data()), sent.size()));
    bench.run();
    bench.submit(unit(UnitType::TensorRead),
                 copy_request(host_address(received.data()), bench.hbm(), sent.size()));
    bench.run();
    CHECK(bench.results(unit(UnitType::TensorWrite)) ==
          std::vector<DeviceError>{DeviceError::None});
    CHECK(bench.results(unit(UnitType::TensorRead)) == std::vector<DeviceError>{DeviceError::None});
    CHECK(received == sent);
    CHECK(bench.stat("nd0.hbm0.write_bytes") == 300000);
    CHECK(bench.stat("nd0.hbm0.read_bytes") == 300000);
  }
}

TEST_CASE("A copy takes as long with numerics off, and touches nothing") {
  SimTime ended[2] = {0, 0};
  for (int off = 0; off < 2; ++off) {
    InstanceBench bench(kTrn1, {off == 1 ? "instance.numerics=off" : "instance.numerics=on"});
    const std::vector<std::uint8_t> sent = counting_bytes(100000);
    bench.submit(unit(UnitType::TensorWrite),
                 copy_request(bench.hbm(), host_address(sent.data()), sent.size()));
    bench.run();
    ended[off] = bench.entries(unit(UnitType::TensorWrite)).back().at;
    const std::byte* there = bench.hardware().pointer(bench.hbm(), sent.size());
    CHECK((static_cast<std::uint8_t>(there[99]) == sent[99]) == (off == 0));
  }
  CHECK(ended[0] == ended[1]);
  CHECK(ended[0] > 100000 / 16.0 * kNanosecond);
}

TEST_CASE("Writes and reads of the host overlap") {
  const std::size_t size = 4 << 20;
  std::vector<std::uint8_t> a(size), b(size);
  SimTime alone = 0;
  SimTime both = 0;
  {
    InstanceBench bench(kTrn1);
    bench.submit(unit(UnitType::TensorWrite),
                 copy_request(bench.hbm(), host_address(a.data()), size));
    bench.run();
    alone = bench.entries(unit(UnitType::TensorWrite)).back().at;
  }
  {
    InstanceBench bench(kTrn1);
    bench.submit(unit(UnitType::TensorWrite),
                 copy_request(bench.hbm(), host_address(a.data()), size));
    bench.submit(unit(UnitType::TensorRead),
                 copy_request(host_address(b.data()), bench.hbm() + size, size));
    bench.run();
    both = std::max(bench.entries(unit(UnitType::TensorWrite)).back().at,
                    bench.entries(unit(UnitType::TensorRead)).back().at);
  }
  CHECK(both < alone * 11 / 10);
}

TEST_CASE("A fill writes its byte, device memory copies to device memory") {
  InstanceBench bench(kTrn2);
  RequestDescriptor fill = copy_request(bench.hbm(), 0, 1000);
  fill.opcode = RequestOpcode::Fill;
  fill.fill_value = 0xa5;
  bench.submit(unit(UnitType::TensorOp), fill);
  bench.submit(unit(UnitType::TensorOp), copy_request(bench.hbm() + 4096, bench.hbm(), 1000));
  bench.run();
  REQUIRE(bench.results(unit(UnitType::TensorOp)).size() == 2);
  const std::byte* there = bench.hardware().pointer(bench.hbm() + 4096, 1001);
  CHECK(there[0] == std::byte{0xa5});
  CHECK(there[999] == std::byte{0xa5});
  CHECK(there[1000] == std::byte{0});
}

TEST_CASE("Device addresses of memory that does not exist give no pointer") {
  InstanceBench bench(kTrn1);
  Hardware& hardware = bench.hardware();
  CHECK(hardware.pointer(0, 16ULL << 30) != nullptr);
  CHECK(hardware.pointer(0, (16ULL << 30) + 1) == nullptr);
  CHECK(hardware.pointer(3ULL << kDeviceShift, 1) == nullptr);
  CHECK(hardware.pointer(kHostWindow, 1) == nullptr);
}

TEST_CASE("A copy from one device to another goes over their links") {
  const std::string config = NSIM_SOURCE_DIR "/configs/trn1_32xl.toml";
  InstanceBench bench(config);
  const std::vector<std::uint8_t> sent = counting_bytes(300000);
  std::vector<std::uint8_t> received(sent.size());
  const UnitAddress first = unit(UnitType::Sync, 0);
  const UnitAddress far = unit(UnitType::Sync, 20);  // core 0 of device 10
  bench.submit(first, copy_request(bench.hbm(0), host_address(sent.data()), sent.size()));
  bench.submit(first, copy_request(bench.hbm(20), bench.hbm(0), sent.size()));
  bench.run();
  bench.submit(far, copy_request(host_address(received.data()), bench.hbm(20), sent.size()));
  bench.run();
  CHECK(bench.results(first) == std::vector<DeviceError>(2, DeviceError::None));
  CHECK(received == sent);
  double over_links = 0;
  for (const char* pipe : {"nd0_to_nd1", "nd1_to_nd2", "nd2_to_nd6", "nd6_to_nd10"}) {
    over_links += bench.stat(std::string("neuron_link.") + pipe + ".bytes");
  }
  CHECK(over_links == 4 * 300000);
  CHECK(bench.stat("nd10.hbm0.write_bytes") == 300000);
}

TEST_CASE("A device without links does not reach another") {
  InstanceBench bench(kTrn1, {"instance.devices=2"});
  bench.submit(unit(UnitType::Sync), copy_request(bench.hbm(2), bench.hbm(0), 4096));
  bench.run();
  CHECK(bench.results(unit(UnitType::Sync)) == std::vector<DeviceError>{DeviceError::DmaAbort});
}
