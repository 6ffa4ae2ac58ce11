// SPDX-License-Identifier: Apache-2.0
#include "sim/base/clock.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <systemc>
#include <thread>
#include <vector>

using namespace nsim;

namespace {

/// A device that completes each request `kService` after its doorbell, one after the other.
class Server : public sc_core::sc_module {
 public:
  static constexpr SimTime kService = 10 * kMicrosecond;

  explicit Server(sc_core::sc_module_name name) : sc_module(name) {
    SC_HAS_PROCESS(Server);
    SC_METHOD(serve);
    sensitive << done_;
    dont_initialize();
  }
  void doorbell() {
    if (queued_++ == 0) {
      done_.notify(static_cast<double>(kService), sc_core::SC_PS);
    }
  }

  std::atomic<int> completed{0};
  HostClock* clock = nullptr;

 private:
  void serve() {
    ++completed;
    clock->pending(-1);
    clock->completed();
    if (--queued_ > 0) {
      done_.notify(static_cast<double>(kService), sc_core::SC_PS);
    }
  }

  int queued_ = 0;
  sc_core::sc_event done_;
};

ClockParams params(const char* mode, const char* grace = "clock.grace=100s") {
  Config config;
  config.set(std::string("clock.mode=") + mode);
  config.set("clock.submit_cost=2us");
  config.set("clock.poll_cost=1us");
  config.set(grace);
  return ClockParams(ParamScope(config, "clock"));
}

struct Host {
  explicit Host(const ClockParams& p) : clock(HostClock::create(p, kernel)) {
    server->clock = clock.get();
  }
  ~Host() {
    kernel.call([] {});  // the device is through with the clock
    kernel.set_limit(0);
    kernel.wait_until_resting();
    server.reset();
  }
  void submit() {
    clock->pending(1);
    clock->submit([device = server.get()] { device->doorbell(); }, HostClock::Doorbell::Needed);
  }
  bool wait(int count) {
    return clock->wait([&] { return server->completed >= count; });
  }

  std::shared_ptr<Server> server;
  Kernel kernel{[this] { return server = std::make_shared<Server>("server"); }};
  std::unique_ptr<HostClock> clock;
};

}  // namespace

TEST_CASE("Step: a schedule call and a query cost host time, and the device follows") {
  Host host(params("step"));
  host.submit();
  CHECK(host.clock->now() == 2 * kMicrosecond);
  CHECK(host.kernel.now() == 2 * kMicrosecond);
  int polls = 0;
  while (host.server->completed == 0) {
    host.clock->poll();
    ++polls;
  }
  CHECK(polls == 10);
  CHECK(host.clock->now() == 2 * kMicrosecond + Server::kService);
}

TEST_CASE(
    "A doorbell that is on its way is not sent again, but costs its time with the step clock") {
  for (const char* mode : {"free", "step"}) {
    Host host(params(mode));
    int rung = 0;  // on the simulation thread
    host.clock->submit([&] { ++rung; }, HostClock::Doorbell::Needed);
    host.clock->submit([&] { ++rung; }, HostClock::Doorbell::OnItsWay);
    host.kernel.call([] {});
    const bool step = std::string(mode) == "step";
    CHECK(rung == (step ? 2 : 1));
    CHECK(host.clock->now() == (step ? 4 * kMicrosecond : 0));
  }
}

TEST_CASE("Step: the device does not run while the host does nothing") {
  Host host(params("step"));
  host.submit();
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  CHECK(host.server->completed == 0);
  CHECK(host.kernel.now() == 2 * kMicrosecond);
}

TEST_CASE("Step: a waiting host goes on at the completion, not later") {
  Host host(params("step"));
  host.submit();
  host.submit();
  CHECK(host.wait(1));
  CHECK(host.server->completed == 1);
  CHECK(host.clock->now() == 2 * kMicrosecond + Server::kService);
  CHECK(host.wait(2));
  CHECK(host.clock->now() == 2 * kMicrosecond + 2 * Server::kService);
}

TEST_CASE("Step: waiting for what cannot happen returns false") {
  Host host(params("step"));
  CHECK_FALSE(host.wait(1));
  host.submit();
  CHECK_FALSE(host.wait(2));
  CHECK(host.server->completed == 1);
  host.submit();
  CHECK(host.wait(2));
}

TEST_CASE("Step: a host that sleeps elsewhere is woken by the next completion") {
  Host host(params("step", "clock.grace=1ms"));
  host.clock->may_sleep();
  host.submit();
  host.submit();
  while (host.server->completed == 0) {
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
  host.clock->poll();
  CHECK(host.clock->now() >= 3 * kMicrosecond + Server::kService);
}

TEST_CASE("Step: a host without a descriptor to sleep on is never taken for a sleeper") {
  Host host(params("step", "clock.grace=1ms"));
  host.submit();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));  // held up by the machine
  CHECK(host.server->completed == 0);
  CHECK(host.clock->now() == 2 * kMicrosecond);
}

TEST_CASE("Step: many host threads submit and wait without losing a completion") {
  Host host(params("step"));
  constexpr int kThreads = 3;
  constexpr int kEach = 30;
  std::atomic<int> submitted{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        host.submit();
        const int mine = ++submitted;
        if (t == 0) {
          host.wait(mine);
        } else {
          host.clock->poll();
        }
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(host.wait(kThreads * kEach));
}

TEST_CASE("Free: the device runs by itself") {
  Host host(params("free"));
  host.submit();
  while (host.server->completed == 0) {
    std::this_thread::yield();
  }
  host.clock->poll();
  CHECK(host.wait(1));
  CHECK(host.clock->now() == Server::kService);
}

TEST_CASE("Free: many host threads submit and wait without losing a completion") {
  Host host(params("free"));
  std::atomic<int> submitted{0};
  std::atomic<int> lost{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        host.submit();
        lost += host.wait(++submitted) ? 0 : 1;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(host.wait(150));
  CHECK(lost == 0);
}

TEST_CASE("Free: waiting for what cannot happen returns false") {
  Host host(params("free"));
  CHECK_FALSE(host.wait(1));
}
