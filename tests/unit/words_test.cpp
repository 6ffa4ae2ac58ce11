// SPDX-License-Identifier: Apache-2.0
#include "sim/base/words.h"

#include <catch2/catch.hpp>

TEST_CASE("one of a kind is singular, any other number plural") {
  CHECK(nsim::counted(1, "core") == "1 core");
  CHECK(nsim::counted(0, "core") == "0 cores");
  CHECK(nsim::counted(2, "core") == "2 cores");
}

TEST_CASE("times are told in the unit that fits them") {
  CHECK(nsim::time_text(1234567.8) == "1.235 ms");
  CHECK(nsim::time_text(-44223.353) == "-44.223 us");
  CHECK(nsim::time_text(78.04) == "78.0 ns");
}
