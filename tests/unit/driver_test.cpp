// SPDX-License-Identifier: Apache-2.0
#include "runtime/driver.h"

#include <catch2/catch.hpp>
#include <map>

using namespace nsim;
using namespace nsim::rt;

namespace {

/// A device of one unit that does what the test says: it reads descriptors from the ring and writes
/// notifications.
class FakeHardware : public hw::Hardware {
 public:
  const hw::Topology& topology() const override { return topology_; }
  isa::Limits limits() const override { return {}; }
  bool numerics() const override { return true; }
  std::uint64_t unit_registers(hw::UnitAddress) const override { return 0; }
  void write_register(std::uint64_t address, std::uint64_t value) override {
    registers[address] = value;
  }
  void fence(int, std::function<void()> answered) override {
    if (slow) {
      answer = std::move(answered);
    } else if (answering) {
      answered();
    }
  }
  void on_interrupt(std::function<void(hw::UnitAddress)> handler) override {
    handler_ = std::move(handler);
  }
  std::uint64_t load_program(int, std::shared_ptr<const isa::Streams>, std::uint32_t,
                             std::uint64_t) override {
    return 0;
  }
  void unload_program(std::uint64_t) override {}
  std::byte* pointer(std::uint64_t, std::uint64_t) override { return nullptr; }
  void inject(hw::UnitAddress, hw::DeviceError, std::uint64_t) override {}
  void record_paths(hw::PathHandler) override {}
  SimTime host_deadline() const override { return kNever; }
  void expire_host_deadlines() override {}
  void on_host_wait(std::function<void(hw::UnitAddress, bool)> handler) override {
    host_wait = std::move(handler);
  }
  void on_timer(std::function<void()> handler) override { timer_ = std::move(handler); }
  void set_timer(SimTime delay) override { timer_delay = delay; }
  bool at_rest() const override { return resting; }
  bool answers(int) const override { return answering; }
  void add_faults(const std::vector<hw::FaultRule>&) override {}
  void report(StatsScope) const override {}

  const hw::RequestDescriptor& descriptor(std::uint64_t index) const {
    const auto* ring = reinterpret_cast<const hw::RequestDescriptor*>(registers.at(hw::kRingBase) -
                                                                      hw::kHostWindow);
    return ring[index % registers.at(hw::kRingSize)];
  }
  void notify(hw::NotificationType type, std::uint32_t tag,
              hw::DeviceError error = hw::DeviceError::None) {
    auto* ring =
        reinterpret_cast<hw::Notification*>(registers.at(hw::kNotifyBase) - hw::kHostWindow);
    const std::uint64_t size = registers.at(hw::kNotifySize);
    hw::Notification& entry = ring[written_ % size];
    entry.type = type;
    entry.error = error;
    entry.phase = written_ / size % 2 == 0 ? 1 : 0;
    entry.tag = tag;
    entry.timestamp = written_;
    entry.check = hw::check_of(entry);
    ++written_;
  }
  /// An entry that is never written.
  void lose() { ++written_; }
  /// Changes bits of the entry written last.
  void damage() {
    auto* ring =
        reinterpret_cast<hw::Notification*>(registers.at(hw::kNotifyBase) - hw::kHostWindow);
    ring[(written_ - 1) % registers.at(hw::kNotifySize)].tag ^= 8;
  }
  /// A whole request: begun, failed perhaps, over.
  void run(std::uint32_t tag, hw::DeviceError error = hw::DeviceError::None) {
    notify(hw::NotificationType::Trace, tag);
    if (error != hw::DeviceError::None) {
      notify(hw::NotificationType::Error, tag, error);
    }
    notify(hw::NotificationType::Notify, tag);
  }
  void interrupt() { handler_({}); }
  /// Lets the time pass that the driver set its timer to.
  void expire(SimTime& now) {
    REQUIRE(timer_delay != kNever);
    now += timer_delay;
    timer_delay = kNever;
    timer_();
  }

  SimTime timer_delay = kNever;
  bool resting = false;
  bool answering = true;
  bool slow = false;             // the test runs `answer` when it likes
  std::function<void()> answer;  // to the last fence
  std::function<void(hw::UnitAddress, bool)> host_wait;

  std::map<std::uint64_t, std::uint64_t> registers;

 private:
  hw::Topology topology_;
  std::function<void(hw::UnitAddress)> handler_;
  std::function<void()> timer_;
  std::uint64_t written_ = 0;
};

/// A driver with one unit of depth 4 on that device, and what it reported.
class Bench : public RequestListener {
 public:
  void submitted(const UnitQueue&, const Request&) override {}
  void finished(UnitQueue& unit, Request& request) override {
    finished_numbers.push_back(request.number());
    statuses.push_back(request.status);
    unit.complete(request.number());
  }
  void degraded(const hw::UnitAddress&, hw::DeviceError error, const Severity&) override {
    degradations.push_back(error);
  }
  NRT_STATUS schedule() {
    auto request = std::make_unique<Request>("test");
    nrta_seq_t sequence = 0;
    const NRT_STATUS status = queue.accept(request, &sequence);
    driver.doorbell(queue);
    return status;
  }

  FakeHardware hardware;
  UnitQueue queue{hw::UnitAddress{}, 1, 4};
  std::vector<std::uint64_t> finished_numbers;
  std::vector<NRT_STATUS> statuses;
  std::vector<hw::DeviceError> degradations;
  SimTime now = 5;
  Driver driver{hardware, {&queue}, times(), {}, [this] { return now; }, *this};

 private:
  static DriverTimes times() {
    DriverTimes times;
    times.execution = kSecond;
    return times;
  }
};

using Numbers = std::vector<std::uint64_t>;
using Statuses = std::vector<NRT_STATUS>;

}  // namespace

TEST_CASE("a doorbell tells the device how many descriptors there are in all") {
  Bench bench;
  CHECK(bench.hardware.registers[hw::kTimeout] == kSecond);
  bench.schedule();
  bench.schedule();
  CHECK(bench.hardware.registers[hw::kDoorbell] == 2);
  CHECK(bench.hardware.descriptor(1).tag == 2);
  CHECK(bench.queue.at_device() == 2);
}

TEST_CASE("one interrupt may report several requests, over many wraps of the ring") {
  Bench bench;
  for (std::uint32_t round = 0; round < 50; ++round) {
    for (std::uint32_t i = 1; i <= 4; ++i) {
      REQUIRE(bench.schedule() == NRT_SUCCESS);
      bench.hardware.run(round * 4 + i);
    }
    REQUIRE(bench.schedule() == NRT_QUEUE_FULL);
    bench.hardware.interrupt();
    REQUIRE(bench.finished_numbers.size() == (round + 1) * 4);
    REQUIRE(bench.hardware.registers[hw::kNotifyHead] == (round + 1) * 8);
  }
  CHECK(bench.finished_numbers.back() == 200);
}

TEST_CASE("an interrupt without news changes nothing") {
  Bench bench;
  bench.schedule();
  bench.hardware.interrupt();
  bench.hardware.notify(hw::NotificationType::Trace, 1);
  bench.hardware.interrupt();
  CHECK(bench.finished_numbers.empty());
}

TEST_CASE("an error belongs to the request whose end follows it") {
  Bench bench;
  bench.schedule();
  bench.schedule();
  bench.hardware.run(1, hw::DeviceError::OutOfBounds);
  bench.hardware.run(2);
  bench.hardware.interrupt();
  CHECK(bench.statuses == Statuses{NRT_EXEC_OOB, NRT_SUCCESS});
}

TEST_CASE("a fatal error degrades the unit and flushes what is behind it, also what is held back") {
  Bench bench;
  bench.schedule();
  bench.schedule();
  bench.queue.pause(true);
  bench.schedule();
  bench.hardware.run(1, hw::DeviceError::DmaAbort);
  bench.hardware.interrupt();
  CHECK(bench.finished_numbers == Numbers{1, 2, 3});
  CHECK(bench.statuses == Statuses{NRT_EXEC_HW_ERR_DMA_ABORT, NRT_EXEC_UNIT_UNRECOVERABLE,
                                   NRT_EXEC_UNIT_UNRECOVERABLE});
  CHECK(bench.schedule() == NRT_EXEC_UNIT_UNRECOVERABLE);
  bench.hardware.run(2);
  bench.hardware.interrupt();
  CHECK(bench.finished_numbers.size() == 3);
}

TEST_CASE("cancelling lets the running request end and turns the others into nothing") {
  Bench bench;
  bench.schedule();
  bench.schedule();
  bench.hardware.notify(hw::NotificationType::Trace, 1);
  bench.driver.cancel_queued();
  CHECK(bench.hardware.descriptor(1).opcode == hw::RequestOpcode::Nop);
  CHECK(bench.hardware.descriptor(1).tag == 2);
  bench.hardware.notify(hw::NotificationType::Notify, 1);
  bench.hardware.run(2);
  bench.hardware.interrupt();
  CHECK(bench.statuses == Statuses{NRT_SUCCESS, NRT_CLOSED});
}

TEST_CASE("a silent unit is given up one watchdog and a margin after its last sign of life") {
  Bench bench;
  bench.schedule();
  bench.schedule();
  const SimTime begin = bench.now;
  while (bench.degradations.empty()) {
    REQUIRE(bench.hardware.timer_delay != kNever);
    bench.hardware.expire(bench.now);
  }
  CHECK(bench.now == begin + kSecond + DriverTimes().margin);
  CHECK(bench.hardware.registers[hw::kControl] == 1);
  CHECK(bench.schedule() == NRT_EXEC_UNIT_UNRECOVERABLE);
  CHECK(bench.finished_numbers.empty());  // the unit may still be at work
  bench.hardware.expire(bench.now);
  CHECK(bench.now == begin + kSecond + DriverTimes().margin + DriverTimes().drain);
  CHECK(bench.statuses == Statuses{NRT_TIMEOUT, NRT_EXEC_UNIT_UNRECOVERABLE});
  CHECK(bench.hardware.timer_delay == kNever);
}

TEST_CASE("a unit that was given up is reported when nothing of it is under way any more") {
  Bench bench;
  bench.schedule();
  bench.hardware.slow = true;
  while (bench.degradations.empty()) {
    bench.hardware.expire(bench.now);
  }
  for (int i = 0; i < 3; ++i) {
    bench.hardware.expire(bench.now);
    CHECK(bench.finished_numbers.empty());
  }
  SECTION("it answers") {
    bench.hardware.answer();
  }
  SECTION("it never will") {
    bench.hardware.answering = false;
  }
  bench.hardware.expire(bench.now);
  CHECK(bench.statuses == Statuses{NRT_TIMEOUT});
}

TEST_CASE("nothing is waited for when the device has nothing to do any more") {
  Bench bench;
  bench.schedule();
  bench.hardware.resting = true;
  bench.hardware.expire(bench.now);
  bench.hardware.expire(bench.now);
  CHECK(bench.statuses == Statuses{NRT_TIMEOUT});
}

TEST_CASE("a unit that waits for the host is neither looked after nor given up") {
  Bench bench;
  bench.schedule();
  bench.hardware.host_wait({}, true);
  CHECK(bench.hardware.timer_delay == kNever);
  bench.hardware.resting = true;
  bench.hardware.timer_delay = 2 * kSecond;
  bench.hardware.expire(bench.now);
  CHECK(bench.statuses.empty());
  CHECK(bench.hardware.timer_delay == kNever);
  bench.hardware.host_wait({}, false);
  CHECK(bench.hardware.timer_delay == DriverTimes().first_look);
}

TEST_CASE("the timer is off while nothing is at the device") {
  Bench bench;
  CHECK(bench.hardware.timer_delay == kNever);
  bench.schedule();
  CHECK(bench.hardware.timer_delay == DriverTimes().first_look);
  bench.hardware.run(1);
  bench.hardware.interrupt();
  CHECK(bench.hardware.timer_delay == kNever);
}

TEST_CASE("a notification without its interrupt is found") {
  Bench bench;
  bench.schedule();
  bench.hardware.run(1);
  bench.hardware.expire(bench.now);
  CHECK(bench.statuses == Statuses{NRT_SUCCESS});
  CHECK(bench.degradations.empty());
}

TEST_CASE("a gap in the ring, or word of a later request, is a lost notification") {
  const bool gap = GENERATE(false, true);
  Bench bench;
  for (int i = 0; i < 3; ++i) {
    bench.schedule();
  }
  bench.hardware.notify(hw::NotificationType::Trace, 1);
  if (gap) {
    bench.hardware.lose();
  }
  bench.hardware.run(2);
  bench.hardware.interrupt();
  CHECK(bench.finished_numbers.empty());
  bench.hardware.expire(bench.now);
  CHECK(bench.statuses ==
        Statuses{NRT_TIMEOUT, NRT_EXEC_UNIT_UNRECOVERABLE, NRT_EXEC_UNIT_UNRECOVERABLE});
}

TEST_CASE("a second notification of the same request is ignored") {
  Bench bench;
  bench.schedule();
  bench.schedule();
  bench.hardware.run(1);
  bench.hardware.notify(hw::NotificationType::Notify, 1);
  bench.hardware.run(2);
  bench.hardware.interrupt();
  CHECK(bench.statuses == Statuses{NRT_SUCCESS, NRT_SUCCESS});
}

TEST_CASE("a damaged notification fails the oldest request") {
  Bench bench;
  bench.schedule();
  bench.schedule();
  bench.hardware.notify(hw::NotificationType::Trace, 1);
  bench.hardware.notify(hw::NotificationType::Notify, 1);
  bench.hardware.damage();
  bench.hardware.interrupt();
  bench.hardware.expire(bench.now);
  CHECK(bench.statuses == Statuses{NRT_HW_ERROR, NRT_EXEC_UNIT_UNRECOVERABLE});
  CHECK(bench.degradations == std::vector<hw::DeviceError>{hw::DeviceError::NotificationCorrupted});
}

TEST_CASE("a device that does not answer any more ends its requests at the first look") {
  Bench bench;
  bench.schedule();
  bench.schedule();
  bench.hardware.answering = false;
  bench.hardware.expire(bench.now);
  bench.hardware.expire(bench.now);
  CHECK(bench.now == 5 + DriverTimes().first_look + DriverTimes().drain);
  CHECK(bench.statuses == Statuses{NRT_HW_ERROR, NRT_EXEC_UNIT_UNRECOVERABLE});
  CHECK(bench.degradations == std::vector<hw::DeviceError>{hw::DeviceError::DeviceGone});
}
