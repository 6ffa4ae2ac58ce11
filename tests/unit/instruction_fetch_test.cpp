// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/instruction_fetch.h"

#include <catch2/catch.hpp>

using namespace nsim;
using hw::FetchParams;
using hw::InstructionFetch;

namespace {

/// Bursts of 4 instructions that take 400 ns, room for 8, latency 1 us.
FetchParams params() {
  Config config = Config::parse(
      "fetch_instruction = \"100B\"\nfetch_burst = \"400B\"\nfetch_buffer = \"800B\"\n"
      "fetch_latency = \"1us\"\nfetch_rate = \"1GB/s\"\n",
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
    at = std::max(at, fetch.available_at(i));
    CHECK(fetch.available_at(i) <= at);
    fetch.leave(i, at);
    begun.push_back(at);
    at += each;
  }
  return begun;
}

}  // namespace

TEST_CASE("the buffer fills at the start, one burst behind the other") {
  InstructionFetch fetch(params());
  fetch.start(100, 5 * kMicrosecond);
  CHECK(fetch.available_at(0) == 5 * kMicrosecond);
  CHECK(fetch.available_at(3) == 5 * kMicrosecond);
  CHECK(fetch.available_at(4) == 5 * kMicrosecond + kBurst);
  CHECK(fetch.bytes() == 8 * 100);
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
  CHECK(fetch.available_at(0) == 2 * kMillisecond);
  CHECK(fetch.bytes() == 8 * 100);
}
