// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/semaphores.h"

#include <catch2/catch.hpp>

#include "tests/support/fresh_kernel.h"

using namespace nsim;

namespace {

/// Semaphores with a latency of 40 ns, and an engine that notes when it is woken.
struct Bench {
  class Waiter : public sc_core::sc_module {
   public:
    explicit Waiter(sc_core::sc_module_name name) : sc_module(name) {
      SC_HAS_PROCESS(Waiter);
      SC_METHOD(woken);
      sensitive << wake;
      dont_initialize();
    }
    sc_core::sc_event wake;
    std::vector<SimTime> times;

   private:
    void woken() { times.push_back(hw::now()); }
  };

  Bench() : semaphores(hw::SemaphoreParams(ParamScope(config, "semaphores"))), waiter("waiter") {}
  void add_at(SimTime time, int value) {
    kernel.at(time, [this, value] { added.push_back(semaphores.add(5, value)); });
  }
  void look_at(SimTime time, int value) {
    kernel.at(time, [this, value] { seen.push_back(semaphores.reached_at(5, value)); });
  }

  Config config;
  test::FreshKernel kernel;
  hw::Semaphores semaphores;
  Waiter waiter;
  hw::MomentId woken_by = 0;
  std::vector<bool> added;
  std::vector<SimTime> seen;
};

const SimTime kLatency = [] {
  Config config;
  return hw::SemaphoreParams(ParamScope(config, "semaphores")).latency;
}();

}  // namespace

TEST_CASE("a waiting engine wakes a latency after the update that reaches its value") {
  Bench bench;
  bench.kernel.at(0, [&] {
    bench.semaphores.wait(isa::Engine::Vector, 5, 3, bench.waiter.wake, bench.woken_by);
  });
  bench.add_at(100, 2);
  bench.add_at(200, 1);
  bench.add_at(300, 1);
  bench.kernel.run_until(200 + kLatency - 1);
  CHECK(bench.waiter.times.empty());
  bench.kernel.run();
  CHECK(bench.waiter.times == std::vector<SimTime>{200 + kLatency});
}

TEST_CASE(
    "an engine that comes between an update and its latency sees it no earlier than one that "
    "waited") {
  Bench bench;
  bench.look_at(99, 1);
  bench.add_at(100, 1);
  bench.look_at(101, 1);
  bench.look_at(100 + kLatency, 1);
  bench.look_at(500 + kLatency, 1);
  bench.kernel.run();
  CHECK(bench.seen == std::vector<SimTime>{kNever, 100 + kLatency, 100 + kLatency, 500 + kLatency});
}

TEST_CASE("updates in quick succession become visible one by one") {
  Bench bench;
  bench.add_at(100, 1);
  bench.add_at(110, 1);
  bench.add_at(120, 1);
  bench.look_at(125, 1);
  bench.look_at(125, 2);
  bench.look_at(125, 3);
  bench.look_at(125, 4);
  bench.kernel.run();
  CHECK(bench.seen == std::vector<SimTime>{100 + kLatency, 110 + kLatency, 120 + kLatency, kNever});
}

TEST_CASE("a semaphore that would leave 0 to 2^31-1 keeps its value and says so") {
  Bench bench;
  bench.add_at(0, INT32_MAX);
  bench.add_at(1, 1);
  bench.look_at(kLatency, INT32_MAX);
  bench.add_at(kLatency + 1, -INT32_MAX);
  bench.add_at(kLatency + 2, -1);
  bench.kernel.run();
  CHECK(bench.added == std::vector<bool>{true, false, true, false});
  CHECK(bench.seen == std::vector<SimTime>{kLatency});
}

TEST_CASE("who waits learns which update ended it, whether that came before or after the wait") {
  Bench bench;
  bench.kernel.at(0, [&] {
    bench.semaphores.wait(isa::Engine::Vector, 5, 2, bench.waiter.wake, bench.woken_by);
    bench.semaphores.add(5, 1, 7);
    bench.semaphores.add(5, 1, 8);
    bench.semaphores.add(5, 1, 9);
    CHECK(bench.semaphores.cause(5, 1) == 7);
    CHECK(bench.semaphores.cause(5, 3) == 9);
    CHECK(bench.semaphores.cause(5, 4) == 0);
  });
  bench.kernel.run();
  CHECK(bench.woken_by == 8);
}

TEST_CASE("a reset zeroes semaphores and forgets who waits") {
  Bench bench;
  bench.add_at(0, 4);
  bench.kernel.at(kLatency, [&] {
    bench.semaphores.wait(isa::Engine::Scalar, 5, 5, bench.waiter.wake, bench.woken_by);
    bench.semaphores.reset();
  });
  bench.add_at(kLatency, 2);
  bench.look_at(2 * kLatency, 2);
  bench.look_at(2 * kLatency, 3);
  bench.kernel.run();
  CHECK(bench.seen == std::vector<SimTime>{2 * kLatency, kNever});
  CHECK(bench.waiter.times.empty());
}
