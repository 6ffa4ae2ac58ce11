// SPDX-License-Identifier: Apache-2.0
#include "runtime/error_tracker.h"

#include <nrt/nrt_async.h>

#include <catch2/catch.hpp>

using namespace nsim::rt;

TEST_CASE("a list stays as it was while more errors come in, until the next list") {
  ErrorTracker tracker(3);
  CHECK(tracker.core() == 3);
  CHECK(tracker.list().empty());
  tracker.add(1, NRT_TIMEOUT);
  const std::vector<nrta_error_t>& list = tracker.list();
  tracker.add(2, NRT_EXEC_OOB);
  REQUIRE(list.size() == 1);
  CHECK(list[0].seq_id == 1);
  CHECK(list[0].error_code == NRT_TIMEOUT);
  REQUIRE(tracker.list().size() == 2);
  CHECK(tracker.list()[1].error_code == NRT_EXEC_OOB);
}
