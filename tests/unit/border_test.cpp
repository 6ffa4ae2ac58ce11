// SPDX-License-Identifier: Apache-2.0
#include "runtime/border.h"

#include <catch2/catch.hpp>

#include "runtime/status.h"
#include "sim/base/log.h"

using namespace nsim;
using namespace nsim::rt;

TEST_CASE("the line of a failed call is that of its function") {
  CHECK(at_border("nrt_load", []() -> NRT_STATUS { throw StatusError(NRT_RESOURCE, "no room"); }) ==
        NRT_RESOURCE);
  CHECK_THAT(log::tail().back(),
             Catch::Contains("NRT:nrt_load   nrt_load failed with NRT_RESOURCE(4): no room"));
}
