// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/throttle.h"

#include <catch2/catch.hpp>

using namespace nsim;
using hw::Throttle;

namespace {

/// Ramp 3 us, window 2 us, at least half of it in use.
cost::ThrottleParams params(const std::string& text = "") {
  Config config = Config::parse("throttle = true\nthrottle_window = \"2us\"\n" + text, "test");
  cost::ThrottleParams result{ParamScope(config, "")};
  config.finish();
  return result;
}

/// Instructions of `length` every `period` from `start` until `end`.
void use(Throttle& throttle, SimTime start, SimTime end, SimTime period, SimTime length) {
  for (SimTime at = start; at < end; at += period) {
    throttle.limits(at);
    throttle.work(at, at + length);
  }
}

}  // namespace

TEST_CASE("a throttle that is off never limits") {
  Throttle throttle{cost::ThrottleParams(params("throttle_rate = 0.1"))};
  CHECK(throttle.on());
  Config config;
  const cost::ThrottleParams off{ParamScope(config, "")};
  Throttle none(off);
  none.work(0, 10);
  CHECK_FALSE(none.on());
  CHECK_FALSE(none.limits(kMillisecond));
}

TEST_CASE("the limit goes when the ramp after the first instruction has passed, not earlier") {
  const cost::ThrottleParams p = params();
  Throttle throttle(p);
  const SimTime start = 700 * kMicrosecond;
  use(throttle, start, start + p.ramp, 100 * kNanosecond, 100 * kNanosecond);
  CHECK(throttle.limits(start + p.ramp - 1));
  CHECK_FALSE(throttle.limits(start + p.ramp));
  CHECK(throttle.since() == start + p.ramp);
}

TEST_CASE("half a ramp in use is enough, less is not and the next ramp begins") {
  const cost::ThrottleParams p = params();
  Throttle enough(p);
  use(enough, 0, p.ramp, kMicrosecond, kMicrosecond / 2);
  CHECK_FALSE(enough.limits(p.ramp));
  Throttle less(p);
  use(less, 0, p.ramp, kMicrosecond, kMicrosecond / 2 - 1);
  CHECK(less.limits(p.ramp));
  use(less, p.ramp, 2 * p.ramp, kMicrosecond, kMicrosecond);
  CHECK(less.limits(2 * p.ramp - 1));
  CHECK_FALSE(less.limits(2 * p.ramp));
}

TEST_CASE("a window that is used too little brings the limit back") {
  const cost::ThrottleParams p = params();
  Throttle throttle(p);
  use(throttle, 0, p.ramp + p.window, 100 * kNanosecond, 100 * kNanosecond);
  const SimTime second = p.ramp + p.window;
  use(throttle, second, second + p.window, 100 * kNanosecond, 49 * kNanosecond);
  CHECK_FALSE(throttle.limits(second + p.window - 1));
  CHECK(throttle.limits(second + p.window));
  CHECK(throttle.since() == second + p.window);
}

TEST_CASE("after a long pause the limit is back since the end of the window it began in") {
  const cost::ThrottleParams p = params();
  Throttle throttle(p);
  use(throttle, 0, p.ramp, 100 * kNanosecond, 100 * kNanosecond);
  CHECK(throttle.limits(kSecond));
  CHECK(throttle.since() == p.ramp + p.window);
  use(throttle, kSecond, kSecond + p.ramp, 100 * kNanosecond, 100 * kNanosecond);
  CHECK(throttle.limits(kSecond + p.ramp - 1));
  CHECK_FALSE(throttle.limits(kSecond + p.ramp));
}

TEST_CASE("instructions that overlap count once, and those longer than a window in every window") {
  const cost::ThrottleParams p = params();
  Throttle overlapping(p);
  use(overlapping, 0, p.ramp, kMicrosecond, kMicrosecond / 4);
  use(overlapping, p.ramp - 1, p.ramp, 1, kMicrosecond / 4);
  CHECK(overlapping.limits(p.ramp));
  Throttle lasting(p);
  lasting.limits(0);
  lasting.work(0, p.ramp + 10 * p.window);
  CHECK_FALSE(lasting.limits(p.ramp + 10 * p.window));
  CHECK(lasting.since() == p.ramp);
}
