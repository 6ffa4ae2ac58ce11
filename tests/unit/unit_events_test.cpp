// SPDX-License-Identifier: Apache-2.0
#include "runtime/unit_events.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <thread>

using namespace nsim::rt;
using Result = UnitEvents::Result;

namespace {

std::uint64_t take(const Descriptor& event) {
  std::uint64_t count = 0;
  return read(event.get(), &count, sizeof count) == sizeof count ? count : 0;
}

Descriptor new_event() {
  return Descriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
}

struct Unit {
  void complete() { events.completed(++number); }
  std::atomic<std::uint64_t> number{0};
  UnitEvents events{number};
};

}  // namespace

TEST_CASE("an event gets 1 when its number is complete, whatever came before") {
  Unit unit;
  const Descriptor event = new_event();
  REQUIRE(unit.events.watch(2, event.get()) == Result::Ok);
  unit.complete();
  CHECK(take(event) == 0);
  unit.complete();
  CHECK(take(event) == 1);
  unit.complete();
  CHECK(take(event) == 0);
  REQUIRE(unit.events.watch(2, event.get()) == Result::Ok);
  CHECK(take(event) == 1);
}

TEST_CASE("a number that is complete but not yet signalled is signalled once") {
  Unit unit;
  const Descriptor event = new_event();
  REQUIRE(unit.events.watch(1, event.get()) == Result::Ok);
  unit.number = 1;  // the simulation thread is between the two steps
  REQUIRE(unit.events.watch(1, event.get()) == Result::Ok);
  unit.events.completed(1);
  CHECK(take(event) == 1);
}

TEST_CASE("a unit's event leaves out what was complete at its registration") {
  Unit unit;
  const Descriptor event = new_event();
  unit.number = 1;
  REQUIRE(unit.events.watch_all(event.get()) == Result::Ok);
  unit.events.completed(1);
  CHECK(take(event) == 0);
  unit.complete();
  unit.complete();
  CHECK(take(event) == 2);
  REQUIRE(unit.events.watch_all(-1) == Result::Ok);
  unit.complete();
  CHECK(take(event) == 0);
}

TEST_CASE("only open eventfds are taken, and a refusal leaves the one before") {
  Unit unit;
  const Descriptor event = new_event();
  REQUIRE(unit.events.watch_all(event.get()) == Result::Ok);
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  CHECK(unit.events.watch_all(ends[1]) == Result::NoEventfd);
  close(ends[0]);
  close(ends[1]);
  CHECK(unit.events.watch_all(ends[1]) == Result::NoEventfd);
  CHECK(unit.events.watch_all(-2) == Result::NoEventfd);
  unit.complete();
  CHECK(take(event) == 1);
}

TEST_CASE("a handle is readable from the completion of its number on") {
  Unit unit;
  const Descriptor early(unit.events.handle(1));
  pollfd wanted{early.get(), POLLIN, 0};
  CHECK(poll(&wanted, 1, 0) == 0);
  unit.complete();
  CHECK(poll(&wanted, 1, 0) == 1);
  const Descriptor late(unit.events.handle(1));
  wanted.fd = late.get();
  CHECK(poll(&wanted, 1, 0) == 1);
}

TEST_CASE("whoever withdraws while requests complete finds nothing added afterwards") {
  Unit unit;
  std::atomic<bool> stop{false};
  std::thread device([&] {
    while (!stop) {
      unit.complete();
    }
  });
  const Descriptor event = new_event();
  for (int round = 0; round < 1000; ++round) {
    REQUIRE(unit.events.watch_all(event.get()) == Result::Ok);
    REQUIRE(unit.events.watch_all(-1) == Result::Ok);
    take(event);
    REQUIRE(take(event) == 0);
  }
  stop = true;
  device.join();
}
