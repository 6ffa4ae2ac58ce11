// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/faults.h"

#include <catch2/catch.hpp>

#include "tests/support/fresh_kernel.h"

using namespace nsim;
using namespace nsim::hw;

namespace {

struct Bench {
  test::FreshKernel kernel;
  Faults faults{1};

  void plan(FaultRule rule) {
    rule.point = FaultPoint::DmaAbort;
    rule.stream = "dma_abort";
    faults.add(rule);
  }
  bool occasion(std::uint64_t address = 0, std::uint64_t request = 1,
                UnitType type = UnitType::Compute) {
    const Segment segment{address, 64};
    return faults.strikes(FaultPoint::DmaAbort,
                          {{{0, type, 0}, request}, FaultPhase::DmaRead, &segment, 1});
  }
  std::string pattern(int occasions) {
    std::string text;
    for (int i = 0; i < occasions; ++i) {
      text += occasion() ? 'x' : '.';
    }
    return text;
  }
};

}  // namespace

TEST_CASE("Faults are inactive until there is a plan") {
  Bench b;
  CHECK_FALSE(Faults::active(&b.faults));
  CHECK_FALSE(Faults::active(nullptr));
  b.plan({});
  CHECK(Faults::active(&b.faults));
}

TEST_CASE("A fault strikes at the n-th occasion, as often as it repeats") {
  Bench b;
  FaultRule rule;
  rule.hit = 3;
  rule.repeat = 2;
  b.plan(rule);
  CHECK(b.pattern(7) == "..xx...");
}

TEST_CASE("A fault that repeats without end strikes at every occasion") {
  Bench b;
  FaultRule rule;
  rule.repeat = 0;
  b.plan(rule);
  CHECK(b.pattern(5) == "xxxxx");
}

TEST_CASE("Only occasions at the place that a fault names count") {
  Bench b;
  FaultRule rule;
  rule.address = 128;
  rule.bytes = 1;
  rule.request = 2;
  rule.unit = UnitType::Compute;
  b.plan(rule);
  CHECK_FALSE(b.occasion(64, 2));
  CHECK_FALSE(b.occasion(129, 2));
  CHECK_FALSE(b.occasion(100, 1));
  CHECK_FALSE(b.occasion(100, 2, UnitType::TensorRead));
  CHECK(b.occasion(65, 2));
}

TEST_CASE("A point does not strike at units that do not go through the phase") {
  Bench b;
  FaultRule rule;
  rule.repeat = 0;
  b.plan(rule);
  const auto strikes = [&](UnitType type) {
    const Origin origin{{0, type, 0}, 1};
    return b.faults.strikes(FaultPoint::DmaAbort, {origin, FaultPhase::DmaDescriptor, nullptr, 0});
  };
  CHECK_FALSE(strikes(UnitType::Collectives));
  CHECK(strikes(UnitType::Compute));
}

TEST_CASE("Before its time a fault counts nothing") {
  Bench b;
  FaultRule rule;
  rule.after = 10;
  b.plan(rule);
  CHECK_FALSE(b.occasion());
}

TEST_CASE("Probabilities are drawn from a stream of the seed, the same in every run") {
  FaultRule rule;
  rule.probability = 0.5;
  rule.repeat = 0;
  std::string first;
  for (int run = 0; run < 2; ++run) {
    Bench b;
    b.plan(rule);
    const std::string pattern = b.pattern(64);
    CHECK((run == 0 || pattern == first));
    first = pattern;
  }
  CHECK(first.find('x') != std::string::npos);
  CHECK(first.find('.') != std::string::npos);
}
