// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/moments.h"

#include <catch2/catch.hpp>

using namespace nsim;

namespace {

hw::Moment moment(SimTime at, hw::MomentId cause, hw::PathKind kind) {
  hw::Moment made;
  made.at = at;
  made.cause = cause;
  made.kind = kind;
  return made;
}

}  // namespace

TEST_CASE("the path goes back over causes, not over what happened in between") {
  hw::Moments moments;
  const hw::MomentId first = moments.begin(100);
  const hw::MomentId launched = moments.add(moment(150, first, hw::PathKind::Launch));
  moments.add(moment(170, launched, hw::PathKind::Fetch));
  const hw::MomentId last = moments.add(moment(400, launched, hw::PathKind::Result));
  const std::vector<hw::PathSegment> path = moments.path_to(last, nullptr);
  REQUIRE(path.size() == 2);
  CHECK(path[0].kind == hw::PathKind::Launch);
  CHECK(path[0].from == 100);
  CHECK(path[0].to == 150);
  CHECK(path[1].kind == hw::PathKind::Result);
  CHECK(path[1].from == 150);
  CHECK(path[1].to == 400);
}

TEST_CASE("segments of no length are left out, and a limited one is told in two") {
  hw::Moments moments;
  const hw::MomentId first = moments.begin(100);
  const hw::MomentId same = moments.add(moment(100, first, hw::PathKind::Queue));
  hw::Moment limited = moment(300, same, hw::PathKind::Execute);
  limited.throttled = 60;
  const std::vector<hw::PathSegment> path = moments.path_to(moments.add(limited), nullptr);
  REQUIRE(path.size() == 2);
  CHECK(path[0].kind == hw::PathKind::Execute);
  CHECK(path[0].to == 300 - 60);
  CHECK(path[1].kind == hw::PathKind::Throttle);
  CHECK(path[1].from == 300 - 60);
  CHECK(path[1].to == 300);
}

TEST_CASE("the latest moment is the last one that is not in the future") {
  hw::Moments moments;
  CHECK(moments.latest(1000) == 0);
  const hw::MomentId first = moments.begin(100);
  const hw::MomentId second = moments.add(moment(300, first, hw::PathKind::Execute));
  moments.add(moment(900, second, hw::PathKind::Result));
  const hw::MomentId third = moments.add(moment(300, second, hw::PathKind::Semaphore));
  moments.add(moment(200, first, hw::PathKind::Fetch));
  CHECK(moments.latest(500) == third);
  CHECK(moments.latest(250) == 5);
  CHECK(moments.latest(99) == 0);
}

TEST_CASE("what begins anew knows nothing of before, and every kind has a name of its own") {
  hw::Moments moments;
  moments.add(moment(200, moments.begin(0), hw::PathKind::Copy));
  CHECK(moments.path_to(moments.begin(500), nullptr).empty());
  std::vector<std::string> names;
  for (int kind = 0; kind < hw::kPathKindCount; ++kind) {
    const std::string name = hw::name(static_cast<hw::PathKind>(kind));
    CHECK(std::find(names.begin(), names.end(), name) == names.end());
    names.push_back(name);
  }
}
