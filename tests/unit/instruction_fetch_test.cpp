// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/instruction_fetch.h"

#include <catch2/catch.hpp>

using namespace nsim;
using hw::FetchParams;
using hw::InstructionFetch;

namespace {

/// Bursts of 4 instructions that take 400 ns, room for 8, latency 1 us.
FetchParams params(const std::string& more = "") {
  Config config = Config::parse(
      "fetch_instruction = \"100B\"\nfetch_burst = \"400B\"\nfetch_buffer = \"800B\"\n"
      "fetch_latency = \"1us\"\nfetch_rate = \"1GB/s\"\n" +
          more,
      "test");
  FetchParams result{ParamScope(config, "")};
  config.finish();
  return result;
}

constexpr SimTime kBurst = 400 * kNanosecond;

/// Takes every instruction `each` after the one before, or when it is there; returns when.
std::vector<SimTime> consume(InstructionFetch& fetch, std::size_t count, SimTime first,
                             SimTime each) {
  std::vector<SimTime> begun;
  SimTime at = first;
  for (std::size_t i = 0; i < count; ++i) {
    at = std::max(at, fetch.available());
    CHECK(fetch.available() <= at);
    fetch.leave(at);
    begun.push_back(at);
    at += each;
  }
  return begun;
}

}  // namespace

TEST_CASE("the buffer fills at the start, one burst behind the other") {
  InstructionFetch fetch(params());
  fetch.start(100, 5 * kMicrosecond);
  CHECK(fetch.bytes() == 8 * 100);
  for (int i = 0; i < 4; ++i) {
    CHECK(fetch.available() == 5 * kMicrosecond);
    fetch.leave(5 * kMicrosecond);
  }
  CHECK(fetch.available() == 5 * kMicrosecond + kBurst);
}

TEST_CASE("instructions consumed slower than the round trip fills the buffer never wait") {
  InstructionFetch fetch(params());
  const FetchParams p = params();
  const SimTime each = p.latency / 4;  // a burst lasts as long as fetching one
  fetch.start(1000, 0);
  const std::vector<SimTime> begun = consume(fetch, 1000, 0, each);
  CHECK(begun.back() == 999 * each);
  CHECK(fetch.bytes() == 1000 * 100);
}

TEST_CASE("instructions consumed faster wait for the round trip of the burst before the last") {
  InstructionFetch fetch(params());
  const FetchParams p = params();
  fetch.start(1000, 0);
  const std::vector<SimTime> begun = consume(fetch, 1000, 0, 0);
  CHECK(begun[7] == kBurst);
  // The burst after those two was requested when the first one had been consumed, at once.
  CHECK(begun[8] == p.latency);
  CHECK(begun[12] == p.latency + kBurst);
  CHECK(begun[16] == 2 * p.latency);
}

TEST_CASE("a ring that is slower than the round trip sets the pace") {
  Config config = Config::parse("fetch_rate = \"1GB/s\"\nfetch_latency = \"0ns\"", "test");
  const FetchParams slow{ParamScope(config, "")};
  InstructionFetch fetch(slow);
  fetch.start(10000, 0);
  const auto per_burst = static_cast<std::size_t>(slow.burst_bytes / slow.instruction_bytes);
  const std::vector<SimTime> begun = consume(fetch, 10000, 0, 0);
  CHECK(begun[100 * per_burst] == 100 * transfer_time(slow.burst_bytes, slow.rate));
}

TEST_CASE(
    "a stream that ends within a burst fetches no more than itself, and another one follows") {
  InstructionFetch fetch(params());
  fetch.start(6, 0);
  consume(fetch, 6, 0, 0);
  CHECK(fetch.bytes() == 6 * 100);
  fetch.start(0, kMillisecond);
  CHECK(fetch.bytes() == 6 * 100);
  fetch.start(2, 2 * kMillisecond);
  CHECK(fetch.available() == 2 * kMillisecond);
  CHECK(fetch.bytes() == 8 * 100);
}

namespace {

using Kind = hw::CodeStep::Kind;

/// A loop of `body` instructions behind `before` others, `trips` times: what comes right behind it
/// begins when this returns.
SimTime run_loop(InstructionFetch& fetch, std::size_t before, std::int64_t body, int trips) {
  SimTime at = consume(fetch, before, 0, 0).back();
  fetch.step({Kind::Enter, body}, at);
  for (int i = 0; i < trips; ++i) {
    at = consume(fetch, static_cast<std::size_t>(body), at, 0).back();
    fetch.step({i + 1 < trips ? Kind::Back : Kind::Leave, body}, at);
  }
  return std::max(at, fetch.available());
}

}  // namespace

TEST_CASE("a loop that fits the buffer is fetched once") {
  InstructionFetch fetch(params());
  // Instructions 2 to 7 of two bursts of 4: from the last of the first burst on.
  fetch.start(8 + 4, 0);
  CHECK(run_loop(fetch, 2, 6, 100) == kBurst + params().latency);
  CHECK(fetch.bytes() == 12 * 100);
}

TEST_CASE("the room of a loop that is over is filled again") {
  InstructionFetch fetch(params());
  fetch.start(100, 0);
  const SimTime over = run_loop(fetch, 2, 6, 3);
  CHECK(over == kBurst + params().latency);
  const std::vector<SimTime> begun = consume(fetch, 92, over, 0);
  CHECK(begun[0] == over);
  CHECK(begun[4] == over + kBurst);
  CHECK(begun[8] == over + params().latency);
  CHECK(fetch.bytes() == 100 * 100);
}

TEST_CASE("a loop that does not fit the buffer is fetched again by every branch back") {
  InstructionFetch fetch(params());
  fetch.start(20, 0);
  // Instructions 1 to 9 lie in three bursts. The second and third iterations begin a latency after
  // the branch; their last burst was requested when the first had been left.
  const SimTime latency = params().latency;
  const SimTime iteration = latency + latency;
  CHECK(run_loop(fetch, 1, 9, 3) == latency + 2 * iteration);
  // Of each redirection two bursts from the first, and one for each that was left.
  CHECK(fetch.bytes() == 3 * 4 * 4 * 100);
}

TEST_CASE("a loop within one that stays in the buffer stays too, and its end frees nothing") {
  InstructionFetch fetch(params());
  fetch.start(8, 0);
  SimTime at = consume(fetch, 1, 0, 0).back();
  fetch.step({Kind::Enter, 7}, at);
  for (int outer = 0; outer < 3; ++outer) {
    at = consume(fetch, 2, at, 0).back();
    fetch.step({Kind::Enter, 3}, at);
    for (int inner = 0; inner < 5; ++inner) {
      at = consume(fetch, 3, at, 0).back();
      fetch.step({inner < 4 ? Kind::Back : Kind::Leave, 3}, at);
    }
    at = consume(fetch, 2, at, 0).back();
    fetch.step({outer < 2 ? Kind::Back : Kind::Leave, 7}, at);
  }
  CHECK(at == kBurst);
  CHECK(fetch.bytes() == 8 * 100);
}

TEST_CASE("a sequencer that keeps no loops fetches anew for every iteration") {
  InstructionFetch fetch(params("fetch_keeps_loops = false\n"));
  fetch.start(4, 0);
  CHECK(run_loop(fetch, 1, 2, 11) == 10 * params().latency);
  CHECK(fetch.bytes() == 11 * 4 * 100);
}
