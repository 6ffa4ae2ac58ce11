// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/execution_unit.h"

#include <malloc.h>

#include <catch2/catch.hpp>
#include <functional>
#include <string>
#include <vector>

#include "tests/support/programs.h"

using namespace nsim;
using namespace nsim::hw;
using namespace nsim::test;

namespace {

const std::string kTrn1 = NSIM_SOURCE_DIR "/configs/trn1.toml";
const std::string kTrn2 = NSIM_SOURCE_DIR "/configs/trn2.toml";
const std::string kTrn2Lnc1 = NSIM_SOURCE_DIR "/configs/trn2_lnc1.toml";
const UnitAddress kCompute = unit(UnitType::Compute);
const UnitAddress kWrite = unit(UnitType::TensorWrite);

using Errors = std::vector<DeviceError>;

RequestDescriptor nop() {
  return {};
}

/// Types and tags in the order in which the driver read them.
std::string log_of(InstanceBench& bench, UnitAddress address) {
  std::string log;
  for (const InstanceBench::Entry& entry : bench.entries(address)) {
    const char* names = "tn?e";
    log += names[static_cast<std::size_t>(entry.notification.type)];
    log += std::to_string(entry.notification.tag);
  }
  return log;
}

SimTime started(InstanceBench& bench, UnitAddress address, std::uint32_t tag, bool end = false) {
  for (const InstanceBench::Entry& entry : bench.entries(address)) {
    const auto wanted = end ? NotificationType::Notify : NotificationType::Trace;
    if (entry.notification.tag == tag && entry.notification.type == wanted) {
      return static_cast<SimTime>(entry.notification.timestamp);
    }
  }
  return -1;
}
SimTime ended(InstanceBench& bench, UnitAddress address, std::uint32_t tag) {
  return started(bench, address, tag, true);
}

}  // namespace

TEST_CASE("A request makes a Trace and a Notify entry, with the times of its start and end") {
  InstanceBench bench(kTrn1);
  bench.submit(kCompute, nop());
  bench.run();
  CHECK(log_of(bench, kCompute) == "t1n1");
  CHECK(started(bench, kCompute, 1) < ended(bench, kCompute, 1));
  CHECK(ended(bench, kCompute, 1) < bench.entries(kCompute).back().at);
}

TEST_CASE("The doorbell and the descriptor cross the host link before anything starts") {
  InstanceBench bench(kTrn1, {"host_link.latency=10us"});
  bench.submit(kCompute, nop());
  bench.run();
  CHECK(started(bench, kCompute, 1) > 30 * kMicrosecond);  // doorbell, fetch there and back
  CHECK(started(bench, kCompute, 1) < 31 * kMicrosecond);
}

TEST_CASE("A program computes right results on every configuration") {
  for (const std::string& config : {kTrn1, kTrn2, kTrn2Lnc1}) {
    InstanceBench bench(config);
    const Loaded loaded(bench, doubling_program(bench.hardware()));
    auto* in = reinterpret_cast<float*>(bench.hardware().pointer(loaded.bindings[0], 1));
    for (int i = 0; i < 128 * 512; ++i) {
      in[i] = static_cast<float>(i % 1000);
    }
    bench.submit(kCompute, loaded.request());
    bench.run();
    CHECK(bench.results(kCompute) == Errors{DeviceError::None});
    const auto* out =
        reinterpret_cast<const float*>(bench.hardware().pointer(loaded.bindings[1], 1));
    int wrong = 0;
    for (int i = 0; i < 128 * 512; ++i) {
      wrong += out[i] == static_cast<float>(2 * (i % 1000)) ? 0 : 1;
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE("A program takes as long with numerics off") {
  for (const std::string& config : {kTrn1, kTrn2}) {
    SimTime end[2] = {0, 0};
    for (int off = 0; off < 2; ++off) {
      InstanceBench bench(config, {off == 1 ? "instance.numerics=off" : "instance.numerics=on"});
      const Loaded loaded(bench, doubling_program(bench.hardware()));
      bench.submit(kCompute, loaded.request());
      bench.run();
      end[off] = ended(bench, kCompute, 1);
    }
    CHECK(end[0] == end[1]);
    CHECK(end[0] > 0);
  }
}

TEST_CASE("The unit goes on without waiting for the host") {
  InstanceBench bench(kTrn1, {"interrupts.latency=1ms"});
  const Loaded loaded(bench, doubling_program(bench.hardware()));
  for (int i = 0; i < 3; ++i) {
    bench.submit(kCompute, loaded.request());
  }
  bench.run();
  CHECK(bench.results(kCompute) == Errors(3, DeviceError::None));
  CHECK(started(bench, kCompute, 3) == ended(bench, kCompute, 2));
}

TEST_CASE("A ring takes more requests than it has entries") {
  InstanceBench bench(kTrn1);
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < 10; ++i) {
      bench.submit(kCompute, nop());
    }
    bench.run();
  }
  CHECK(bench.results(kCompute) == Errors(100, DeviceError::None));
}

TEST_CASE("Requests that end before their watchdog leave nothing behind") {
  InstanceBench bench(kTrn1);
  bench.write_register(kWrite, kTimeout, static_cast<std::uint64_t>(30 * kSecond));
  constexpr int kRequests = 10'000;
  constexpr int kSettled = 1'000;
  int count = 0;
  std::size_t settled = 0;
  // Each submits the next one: the simulation never comes to a rest in between.
  const std::function<void()> submit = [&] {
    bench.forget_entries(kWrite);
    bench.submit(kWrite, nop());
    ++count;
    settled = count == kSettled ? mallinfo2().uordblks : settled;
    if (count < kRequests) {
      bench.kernel().at(now() + 10 * kMicrosecond, [&] { submit(); });
    }
  };
  bench.kernel().at(0, [&] { submit(); });
  bench.run();
  CHECK(count == kRequests);
  CHECK(mallinfo2().uordblks < settled + kRequests);  // not even a byte each
}

TEST_CASE("A hung engine ends in the watchdog, and halts the unit until it is reset") {
  InstanceBench bench(kTrn2);
  const Loaded loaded(bench, doubling_program(bench.hardware()));
  bench.write_register(kCompute, kTimeout, static_cast<std::uint64_t>(kMillisecond));
  bench.hardware().inject(kCompute, DeviceError::Hang, 1);
  for (int i = 0; i < 3; ++i) {
    bench.submit(kCompute, loaded.request());
  }
  bench.run();
  CHECK(log_of(bench, kCompute) == "t1n1t2e2n2");
  CHECK(bench.results(kCompute) == Errors{DeviceError::None, DeviceError::Hang});
  CHECK(ended(bench, kCompute, 2) - started(bench, kCompute, 2) == kMillisecond);

  bench.write_register(kCompute, kControl, 1);
  bench.submit(kCompute, loaded.request());
  bench.run();
  CHECK(log_of(bench, kCompute) == "t1n1t2e2n2t4n4");
}

TEST_CASE("Without a watchdog a hung request never ends, and other units go on") {
  InstanceBench bench(kTrn1);
  const Loaded loaded(bench, doubling_program(bench.hardware()));
  bench.hardware().inject(kCompute, DeviceError::Hang, 0);
  bench.submit(kCompute, loaded.request());
  bench.submit(kWrite, nop());
  bench.run();
  CHECK(bench.results(kCompute).empty());
  CHECK(bench.results(kWrite) == Errors{DeviceError::None});
}

TEST_CASE("A DMA abort ends a program in its midst and halts the unit") {
  InstanceBench bench(kTrn1);
  const Loaded loaded(bench, doubling_program(bench.hardware()));
  bench.hardware().inject(kCompute, DeviceError::DmaAbort, 0);
  bench.submit(kCompute, loaded.request());
  bench.submit(kCompute, loaded.request());
  bench.run();
  CHECK(bench.results(kCompute) == Errors{DeviceError::DmaAbort});
}

TEST_CASE("A DMA abort ends a copy half-way") {
  InstanceBench bench(kTrn1);
  const std::vector<std::uint8_t> sent(1 << 20, 7);
  bench.hardware().inject(kWrite, DeviceError::DmaAbort, 0);
  bench.submit(kWrite, copy_request(bench.hbm(), host_address(sent.data()), sent.size()));
  bench.run();
  CHECK(bench.results(kWrite) == Errors{DeviceError::DmaAbort});
  CHECK(bench.stat("nd0.hbm0.write_bytes") == sent.size() / 2);
}

TEST_CASE("A memory error fails the request at its start") {
  InstanceBench bench(kTrn1);
  const Loaded loaded(bench, doubling_program(bench.hardware()));
  bench.hardware().inject(kCompute, DeviceError::HbmUncorrectable, 0);
  bench.submit(kCompute, loaded.request());
  bench.run();
  CHECK(bench.results(kCompute) == Errors{DeviceError::HbmUncorrectable});
  CHECK(bench.stat("nd0.hbm0.read_bytes") == 0);
}

TEST_CASE("The unit goes on after a NaN, and the request has done its work") {
  InstanceBench bench(kTrn1);
  const Loaded loaded(bench, doubling_program(bench.hardware()));
  bench.hardware().inject(kCompute, DeviceError::NumericalNan, 0);
  bench.submit(kCompute, loaded.request());
  bench.submit(kCompute, loaded.request());
  bench.run();
  CHECK(bench.results(kCompute) == Errors{DeviceError::NumericalNan, DeviceError::None});
  CHECK(bench.stat("nd0.hbm0.write_bytes") == 2 * 128 * 512 * 4);
}

TEST_CASE("What a unit cannot do is a bad descriptor, and it goes on") {
  InstanceBench bench(kTrn1);
  const Loaded loaded(bench, doubling_program(bench.hardware()));
  RequestDescriptor wrong_program = loaded.request();
  wrong_program.program = 77;
  RequestDescriptor missing_binding = loaded.request();
  missing_binding.binding_count = 1;
  bench.submit(kCompute, wrong_program);
  bench.submit(kCompute, missing_binding);
  bench.submit(kCompute, copy_request(bench.hbm(), bench.hbm() + 64, 64));
  bench.submit(kCompute, loaded.request());
  const UnitAddress collectives = unit(UnitType::Collectives);
  bench.submit(collectives, loaded.request());
  bench.submit(kWrite, copy_request(bench.hbm(), 9ULL << kDeviceShift, 64));
  bench.run();
  const DeviceError bad = DeviceError::BadDescriptor;
  CHECK(bench.results(kCompute) == Errors{bad, bad, bad, DeviceError::None});
  CHECK(bench.results(collectives) == Errors{bad});
  CHECK(bench.results(kWrite) == Errors{bad});
}

TEST_CASE("A program of another logical core is a bad descriptor") {
  InstanceBench bench(kTrn1);
  const Loaded loaded(bench, doubling_program(bench.hardware()), 1);
  bench.submit(kCompute, loaded.request());
  bench.submit(unit(UnitType::Compute, 1), loaded.request());
  bench.run();
  CHECK(bench.results(kCompute) == Errors{DeviceError::BadDescriptor});
  CHECK(bench.results(unit(UnitType::Compute, 1)) == Errors{DeviceError::None});
}

TEST_CASE("A notification ring that nobody reads overflows, halts the unit and says so") {
  InstanceBench bench(kTrn1);
  bench.stop_acknowledging();
  for (int round = 0; round < 4; ++round) {
    for (int i = 0; i < 10; ++i) {
      bench.submit(kCompute, nop());
    }
    bench.run();
  }
  // 64 entries: 31 requests of two, and the two kept back tell of the overflow.
  Errors expected(31, DeviceError::None);
  expected.push_back(DeviceError::NotificationOverflow);
  CHECK(bench.results(kCompute) == expected);
}

TEST_CASE("A copy of nothing completes") {
  InstanceBench bench(kTrn1);
  bench.submit(kWrite, copy_request(bench.hbm(), bench.hbm(), 0));
  bench.run();
  CHECK(bench.results(kWrite) == Errors{DeviceError::None});
}
