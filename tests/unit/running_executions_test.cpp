// SPDX-License-Identifier: Apache-2.0
#include "runtime/running_executions.h"

#include <catch2/catch.hpp>

using nsim::rt::RunningExecutions;

TEST_CASE("whoever waits for the executions under way does not wait for later ones") {
  RunningExecutions executions;
  CHECK(executions.ended(executions.begun()));
  RunningExecutions::Mark first;
  RunningExecutions::Mark second;
  RunningExecutions::Mark third;
  executions.begin(first);
  executions.begin(second);
  const std::uint64_t begun = executions.begun();
  executions.begin(third);
  CHECK_FALSE(executions.ended(begun));
  executions.end(second);  // of another core, before one that began earlier
  CHECK_FALSE(executions.ended(begun));
  executions.end(first);
  CHECK(executions.ended(begun));
  CHECK_FALSE(executions.ended(executions.begun()));
  executions.end(third);
  CHECK(executions.ended(executions.begun()));
}
