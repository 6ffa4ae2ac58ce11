// SPDX-License-Identifier: Apache-2.0
#include "runtime/core_range.h"

#include <catch2/catch.hpp>

#include "sim/base/error.h"

using namespace nsim;
using namespace nsim::rt;

namespace {

CoreRange claim(const std::string& visible, std::int64_t count = 0) {
  Environment environment;
  environment.visible_cores = visible;
  environment.num_cores = count;
  return claim_cores(environment, 8);
}

}  // namespace

TEST_CASE("without a wish all cores are claimed") {
  CHECK(claim("").first == 0);
  CHECK(claim("").count == 8);
  CHECK(claim("", 3).count == 3);
  CHECK_THROWS_AS(claim("", 9), UserError);
}

TEST_CASE("visible cores are single cores, ranges, or both, and win over the number") {
  CHECK(claim("3").first == 3);
  CHECK(claim("3").count == 1);
  CHECK(claim("2-5").count == 4);
  CHECK(claim("1,2,3-4,5").count == 5);
  CHECK(claim("7", 5).count == 1);
}

TEST_CASE("visible cores that are malformed, not consecutive or beyond the instance are refused") {
  for (const char* wrong : {",", "a", "1,", "1-", "-1", "1,,2", "1 2", "0,2", "2,1", "1,1", "5-3",
                            "8", "0-8", "99999999999999999999"}) {
    INFO(wrong);
    CHECK_THROWS_AS(claim(wrong), UserError);
  }
}
