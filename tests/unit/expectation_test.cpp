// SPDX-License-Identifier: Apache-2.0
#include "tools/check/expectation.h"

#include <catch2/catch.hpp>

using namespace nsim;
using namespace nsim::tool;

namespace {

Expectation parse(const std::string& text) {
  return parse_expectation(text, {"suite.toml", 4, 10});
}

std::string problem(const std::string& text) {
  try {
    parse(text);
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("moments follow their own, their data, or those of another unit") {
  const Expectation data = parse("every completion of nc0.compute.q0 follows its data");
  CHECK(data.kind == Expectation::Kind::Follows);
  CHECK(data.moment == EventMoment::Completion);
  CHECK(data.unit == "nc0.compute.q0");
  CHECK(data.partner == Expectation::Partner::Data);
  const Expectation own = parse("every start of nc* follows its submission");
  CHECK(own.partner == Expectation::Partner::Own);
  CHECK(own.partner_moment == EventMoment::Submission);
  const Expectation other =
      parse("every start of nc0.compute.q0 follows completion of nc0.tensor_write.q0");
  CHECK(other.partner == Expectation::Partner::Other);
  CHECK(other.partner_moment == EventMoment::Completion);
  CHECK(other.partner_unit == "nc0.tensor_write.q0");
}

TEST_CASE("limits are counts, shares and durations, with a space before the unit or without") {
  CHECK(parse("never more than 3 requests of nc0.compute.q0 in flight").limit == 3);
  CHECK(parse("never more than 3 executions of nc* at once").spans.kind ==
        SpanSet::Kind::Executions);
  for (const char* share : {"80%", "80 %"}) {
    const Expectation overlap = parse(std::string("overlap of executions of nc0.tensor_write.* and "
                                                  "executions of nc0.compute.* at least ") +
                                      share);
    CHECK(overlap.limit == 800000000);
    CHECK(overlap.bound == Expectation::Bound::AtLeast);
    CHECK(overlap.other.of == "nc0.compute.*");
  }
  CHECK(parse("gaps of executions of nc0.compute.q0 at most 5us").limit == 5 * kMicrosecond);
  CHECK(parse("longest of requests of * at most 5 us").limit == 5 * kMicrosecond);
  CHECK(parse("count of executions of * exactly 8").bound == Expectation::Bound::Exactly);
}

TEST_CASE("tracks and names may stand in quotes") {
  const Expectation slices =
      parse("total of slices of \"Vector(nc0) wait\" named 'waiting for dma' at most 1us");
  CHECK(slices.kind == Expectation::Kind::Total);
  CHECK(slices.spans.of == "Vector(nc0) wait");
  CHECK(slices.spans.named == "waiting for dma");
  CHECK(parse("count of slices of q* at least 1").spans.named == "*");
}

TEST_CASE("what is no sentence is refused at the word that is wrong") {
  CHECK(problem("every completion of nc0.compute.q0 folows its data") ==
        "suite.toml:4:45: 'follows' belongs here, not 'folows'");
  CHECK(problem("") ==
        "suite.toml:4:10: the end is none of every, never, overlap, total, longest, "
        "shortest, gaps, count");
  CHECK(problem("never more than many requests of x at once").find("a number belongs here") !=
        std::string::npos);
  CHECK(problem("count of executions of * exactly 8 times").find("'times' is too much") !=
        std::string::npos);
  CHECK(problem("gaps of executions of * at most 5%").find("a duration such as 50us") !=
        std::string::npos);
  CHECK(problem("count of slices of \"a at most 1").find("a quote that does not end") !=
        std::string::npos);
}
