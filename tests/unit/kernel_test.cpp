// SPDX-License-Identifier: Apache-2.0
#include "sim/base/kernel.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <stdexcept>
#include <systemc>
#include <thread>
#include <vector>

using namespace nsim;

namespace {

/// Counts once per nanosecond until `last`.
class Ticker : public sc_core::sc_module {
 public:
  Ticker(sc_core::sc_module_name name, int last) : sc_module(name), last_(last) {
    SC_HAS_PROCESS(Ticker);
    SC_METHOD(tick);
    sensitive << next_;
    dont_initialize();
    next_.notify(1, sc_core::SC_NS);
  }
  int ticks() const { return ticks_; }
  Kernel* hold_at_ten = nullptr;

 private:
  void tick() {
    if (++ticks_ == 10 && hold_at_ten != nullptr) {
      hold_at_ten->hold();
    }
    if (ticks_ < last_) {
      next_.notify(1, sc_core::SC_NS);
    }
  }

  const int last_;
  int ticks_ = 0;
  sc_core::sc_event next_;
};

struct Simulation {
  explicit Simulation(int ticks)
      : kernel([&] { return ticker = std::make_shared<Ticker>("ticker", ticks); }) {}

  int ticks() {
    int result = 0;
    kernel.call([&] { result = ticker->ticks(); });
    return result;
  }

  std::shared_ptr<Ticker> ticker;
  Kernel kernel;
  struct Release {
    std::shared_ptr<Ticker>& ticker;
    ~Release() { ticker.reset(); }
  } release{ticker};  // the modules must end on the simulation thread, with the kernel
};

}  // namespace

TEST_CASE("A kernel without a limit rests at time zero") {
  Simulation s(100);
  s.kernel.wait_until_resting();
  CHECK(s.kernel.now() == 0);
  CHECK_FALSE(s.kernel.idle());
}

TEST_CASE("Everything up to and including the limit happens, nothing after it") {
  Simulation s(100);
  s.kernel.set_limit(5 * kNanosecond);
  s.kernel.wait_until_resting();
  CHECK(s.kernel.now() == 5 * kNanosecond);
  CHECK(s.ticks() == 5);
}

TEST_CASE("Time reaches the limit even when there is nothing to do") {
  Simulation s(1);
  s.kernel.set_limit(7777);
  s.kernel.wait_until_resting();
  CHECK(s.kernel.now() == 7777);
  CHECK(s.kernel.idle());
}

TEST_CASE("Without a limit the simulation runs dry and is idle") {
  Simulation s(100);
  s.kernel.set_limit(kNever);
  s.kernel.wait_until_resting();
  CHECK(s.kernel.now() == 100 * kNanosecond);
  CHECK(s.kernel.idle());
}

TEST_CASE("A hold ends the run at the current time and becomes the limit") {
  Simulation s(100);
  s.kernel.call([&] { s.ticker->hold_at_ten = &s.kernel; });
  s.kernel.set_limit(kNever);
  s.kernel.wait_until_resting();
  CHECK(s.kernel.now() == 10 * kNanosecond);
  s.kernel.set_limit(12 * kNanosecond);
  s.kernel.wait_until_resting();
  CHECK(s.kernel.now() == 12 * kNanosecond);
}

TEST_CASE("Tasks run on the simulation thread in the order of their posts") {
  Simulation s(1);
  std::vector<int> order;
  bool inside = false;
  for (int i = 0; i < 100; ++i) {
    s.kernel.post([&order, i] { order.push_back(i); });
  }
  s.kernel.call([&] { inside = s.kernel.on_simulation_thread(); });
  CHECK(inside);
  CHECK_FALSE(s.kernel.on_simulation_thread());
  REQUIRE(order.size() == 100);
  CHECK(std::is_sorted(order.begin(), order.end()));
}

TEST_CASE("A task posted for the rest runs at the limit") {
  Simulation s(100);
  SimTime at = -1;
  s.kernel.set_limit(5 * kNanosecond);
  s.kernel.post_when_resting([&] { at = s.kernel.now(); });
  s.kernel.wait_until_resting();
  CHECK(at == 5 * kNanosecond);
}

TEST_CASE("Many threads may enter a running simulation") {
  Simulation s(200000);
  s.kernel.set_limit(kNever);
  int count = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        s.kernel.post([&] { ++count; });
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  int seen = 0;
  s.kernel.call([&] { seen = count; });
  CHECK(seen == 150);
}

TEST_CASE("The exception of a called task comes back to the caller") {
  Simulation s(1);
  CHECK_THROWS_AS(s.kernel.call([] { throw std::runtime_error("task"); }), std::runtime_error);
  CHECK_NOTHROW(s.kernel.call([] {}));
}

TEST_CASE("An exception of the build function leaves nothing behind") {
  CHECK_THROWS_AS(Kernel([]() -> std::shared_ptr<void> { throw std::runtime_error("build"); }),
                  std::runtime_error);
  Simulation s(3);
  s.kernel.set_limit(kNever);
  s.kernel.wait_until_resting();
  CHECK(s.ticks() == 3);
}

TEST_CASE("A kernel may end in the middle of a run") {
  Simulation s(1000000000);
  s.kernel.set_limit(kNever);
  SUCCEED();
}

TEST_CASE("Simulated time goes to a deadline of the host's only after its patience") {
  using namespace std::chrono;
  Simulation simulation(3);
  SimTime deadline = 50 * kNanosecond;
  int expired = 0;
  const auto patience = milliseconds(30);
  simulation.kernel.call([&] {
    simulation.kernel.set_host_deadline({[&] { return deadline; },
                                         [&] {
                                           ++expired;
                                           deadline = kNever;
                                         },
                                         patience});
  });
  SECTION("without a limit: the host has patience of wall time") {
    const auto before = steady_clock::now();
    simulation.kernel.set_limit(kNever);
    simulation.kernel.wait_until_resting();
    CHECK(steady_clock::now() - before >= patience);
    CHECK(expired == 1);
    CHECK(simulation.kernel.idle());
    CHECK(simulation.kernel.times_given() >= 1);
    CHECK_FALSE(simulation.kernel.giving_time());
  }
  SECTION("what the host does in time prevents it") {
    const std::uint64_t given = simulation.kernel.times_given();
    simulation.kernel.set_limit(kNever);
    simulation.kernel.wait_until_resting_or_giving_time(given);
    CHECK_FALSE(simulation.kernel.idle());
    simulation.kernel.call([&] { deadline = kNever; });
    simulation.kernel.wait_until_resting();
    CHECK(expired == 0);
    CHECK(simulation.kernel.idle());
  }
  SECTION("a limit before it: the simulation rests, but is not idle") {
    simulation.kernel.set_limit(deadline - 1);
    simulation.kernel.wait_until_resting();
    CHECK(expired == 0);
    CHECK_FALSE(simulation.kernel.idle());
  }
  SECTION("a limit at or behind it: the host's own time got there") {
    simulation.kernel.set_limit(deadline);
    simulation.kernel.wait_until_resting();
    CHECK(expired == 1);
  }
  SECTION("a host that will do nothing any more has no time") {
    const auto before = steady_clock::now();
    simulation.kernel.call([&] {
      simulation.kernel.set_host_deadline({[&] { return deadline; },
                                           [&] {
                                             ++expired;
                                             deadline = kNever;
                                           },
                                           hours(1)});
      simulation.kernel.lose_patience();
    });
    simulation.kernel.set_limit(kNever);
    simulation.kernel.wait_until_resting();
    CHECK(steady_clock::now() - before < minutes(1));
    CHECK(expired == 1);
  }
}
