// SPDX-License-Identifier: Apache-2.0
#include "tools/compare/difference.h"

#include <catch2/catch.hpp>

#include "sim/base/error.h"

using namespace nsim::tool;

namespace {

/// One execution on one core of `time` ns, in which one instruction takes `busy` ns.
ResultEntry run(double time, double busy) {
  ResultEntry entry;
  for (const auto& [field, number] : {std::pair<const char*, double>{"time_per_request_ns", time},
                                      {"executions", 1},
                                      {"active_cores", 1},
                                      {"active_time_ns", time},
                                      {"engines.vector.ops.tensor_copy.count", 10},
                                      {"engines.vector.ops.tensor_copy.busy_ns", busy},
                                      {"engines.vector.ops.tensor_copy.latency_ns", busy},
                                      {"engines.tensor.idle_percent.vector", 100 * busy / time}}) {
    entry.numbers[field] = {number, unit_of(field)};
  }
  return entry;
}

ResultSet set_of(ResultEntry entry) {
  return {ResultSet::Kind::Run, "there", {std::move(entry)}};
}

}  // namespace

TEST_CASE("equal results have no difference, at any tolerance") {
  const SetDifference difference = compare(set_of(run(1000, 400)), set_of(run(1000, 400)));
  CHECK(difference.entries.empty());
  CHECK(difference.compared == 1);
  CHECK(difference.within(0));
}

TEST_CASE("fields that differ come largest first, percentages by their points") {
  ResultEntry before;
  before.numbers = {{"a_percent", {1, "%"}}, {"b_ns", {100, "ns"}}, {"c", {7, "1"}}};
  ResultEntry after;
  after.numbers = {{"a_percent", {3, "%"}}, {"b_ns", {80, "ns"}}, {"c", {7, "1"}}};
  const SetDifference difference = compare(set_of(before), set_of(after));
  REQUIRE(difference.entries.size() == 1);
  const std::vector<Difference>& fields = difference.entries[0].fields;
  REQUIRE(fields.size() == 2);
  CHECK(fields[0].field == "b_ns");
  CHECK(fields[0].size == Approx((100.0 - 80) / 100));
  CHECK(fields[1].field == "a_percent");
  CHECK(fields[1].size == Approx((3.0 - 1) / 100));
  CHECK(difference.within(0.2));
  CHECK_FALSE(difference.within(0.19));
}

TEST_CASE("a field that one side lacks is outside every tolerance below one") {
  ResultEntry more = run(1000, 400);
  more.numbers["units.nc0.compute.q0.requests"] = {1, "1"};
  const SetDifference difference = compare(set_of(run(1000, 400)), set_of(more));
  CHECK_FALSE(difference.within(0.99));
}

TEST_CASE("longer instructions explain a longer request, and who waits for them stands apart") {
  const SetDifference difference = compare(set_of(run(1000, 400)), set_of(run(1100, 500)));
  REQUIRE(difference.entries.size() == 1);
  const EntryDifference& entry = difference.entries[0];
  REQUIRE(entry.work.size() == 1);
  CHECK(entry.work[0].ns == Approx(500 - 400));
  CHECK(entry.work[0].what == "vector tensor_copy: 10 of 40.0 ns -> 50.0 ns");
  REQUIRE(entry.waits.size() == 1);
  CHECK(entry.waits[0].ns == Approx(500 - 400));
  CHECK(entry.waits[0].what == "tensor waits for vector");
}

TEST_CASE("entries are paired by name, and those without a partner are told") {
  ResultSet before{ResultSet::Kind::Golden, "a", {{"x", {}, {}}, {"gone", {}, {}}}};
  ResultSet after{ResultSet::Kind::Golden, "b", {{"x", {}, {}}, {"new", {}, {}}}};
  const SetDifference difference = compare(before, after);
  CHECK(difference.compared == 1);
  CHECK(difference.only_before == std::vector<std::string>{"gone"});
  CHECK(difference.only_after == std::vector<std::string>{"new"});
  CHECK_FALSE(difference.within(1));
}

TEST_CASE("what is of two kinds, or has nothing in common, is refused") {
  const ResultSet golden{ResultSet::Kind::Golden, "b", {{"x", {}, {}}}};
  const ResultSet other{ResultSet::Kind::Golden, "c", {{"y", {}, {}}}};
  CHECK_THROWS_AS(compare(set_of(run(1, 1)), golden), nsim::UserError);
  CHECK_THROWS_AS(compare(golden, other), nsim::UserError);
}
