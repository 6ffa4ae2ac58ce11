// SPDX-License-Identifier: Apache-2.0
#include "runtime/core_dump.h"

#include <catch2/catch.hpp>

using namespace nsim::rt;

TEST_CASE("a pattern takes the values of its letters; others and a last percent sign stay") {
  const std::map<char, std::string> values{{'p', "12"}, {'i', "a%p"}};
  CHECK(expand_pattern("/x/%p-%i", values) == "/x/12-a%p");
  CHECK(expand_pattern("%z%%p%", values) == "%z%p%");
  CHECK(expand_pattern("", values).empty());
}

TEST_CASE("dumps are for failures of the device, not for refusals and what follows from them") {
  CHECK(is_device_failure(NRT_TIMEOUT));
  CHECK(is_device_failure(NRT_EXEC_OOB));
  CHECK(is_device_failure(NRT_EXEC_HW_ERR_HBM_UE));
  for (const NRT_STATUS status : {NRT_SUCCESS, NRT_CLOSED, NRT_EXEC_UNIT_UNRECOVERABLE}) {
    CHECK_FALSE(is_device_failure(status));
  }
}
