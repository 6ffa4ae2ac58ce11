// SPDX-License-Identifier: Apache-2.0
// The driver on a simulated device whose link is so slow that its times are over long before what
// is under way arrives.
#include "runtime/driver_times.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <vector>

#include "runtime/driver.h"
#include "tests/support/instance_bench.h"

using namespace nsim;
using namespace nsim::rt;

namespace {

constexpr std::size_t kMuch = 512 * 1024;  // half a second on the link, more than one packet

/// Requests of the first core and of the second one; whoever hears of the end of one owns its
/// buffer again, and makes use of it.
class SlowBench : public RequestListener {
 public:
  SlowBench() {
    for (UnitQueue* queue : {&first, &second}) {
      buffers.emplace(queue, std::vector<char>(kMuch));
    }
  }
  void submitted(const UnitQueue&, const Request&) override {}
  void finished(UnitQueue& queue, Request& request) override {
    statuses.push_back(request.status);
    std::vector<char>& buffer = buffers.at(&queue);
    std::fill(buffer.begin(), buffer.end(), kReused);
    queue.complete(request.number());
  }
  void degraded(const hw::UnitAddress&, hw::DeviceError, const Severity&) override {}

  /// Between the buffer of `queue` and the memory of its core.
  void copy(UnitQueue& queue, bool to_device, std::size_t bytes) {
    const std::uint64_t host = test::host_address(buffers.at(&queue).data());
    const std::uint64_t device = hardware.hbm(queue.address().core);
    auto request = std::make_unique<Request>("test");
    request->descriptor = to_device ? test::copy_request(device, host, bytes)
                                    : test::copy_request(host, device, bytes);
    nrta_seq_t sequence = 0;
    REQUIRE(queue.accept(request, &sequence) == NRT_SUCCESS);
    driver.doorbell(queue);
  }

  static constexpr char kReused = 7;

  test::InstanceBench hardware{NSIM_SOURCE_DIR "/configs/trn1.toml", {"host_link.bandwidth=1MB/s"}};
  UnitQueue first{{0, hw::UnitType::TensorRead, 0}, 1, 4};
  UnitQueue second{{1, hw::UnitType::TensorRead, 0}, 2, 4};
  std::map<UnitQueue*, std::vector<char>> buffers;
  std::vector<NRT_STATUS> statuses;
  Driver driver{
      hardware.hardware(), {&first, &second}, times(), {}, [] { return hw::now(); }, *this};

 private:
  static DriverTimes times() {
    DriverTimes times;
    times.execution = 10 * kMillisecond;
    return times;
  }
};

}  // namespace

TEST_CASE("a small read that was given up writes nothing into its buffer later") {
  SlowBench bench;
  bench.copy(bench.first, false, kMuch);
  bench.copy(bench.second, false, 16);
  bench.hardware.run();
  CHECK(bench.statuses == std::vector<NRT_STATUS>{NRT_TIMEOUT, NRT_TIMEOUT});
  for (const auto& [queue, buffer] : bench.buffers) {
    CHECK(std::count(buffer.begin(), buffer.end(), SlowBench::kReused) == kMuch);
  }
}

TEST_CASE("a write that was given up reads nothing of its buffer later") {
  SlowBench bench;
  bench.copy(bench.first, true, kMuch);
  bench.hardware.run();
  CHECK(bench.statuses == std::vector<NRT_STATUS>{NRT_TIMEOUT});
  const auto* memory =
      reinterpret_cast<const char*>(bench.hardware.hardware().pointer(bench.hardware.hbm(), kMuch));
  CHECK(std::count(memory, memory + kMuch, SlowBench::kReused) == 0);
}
