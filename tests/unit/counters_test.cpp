// SPDX-License-Identifier: Apache-2.0
#include "runtime/counters.h"

#include <catch2/catch.hpp>

using namespace nsim;
using namespace nsim::rt;

TEST_CASE("executions are counted on their core by the name of their status") {
  Counters counters(4, 2);
  counters.executed(5, NRT_SUCCESS, 30, 100);
  counters.executed(5, NRT_EXEC_HW_ERR_NC_UE, 20, 100);
  counters.refused(5, NRT_QUEUE_FULL);
  counters.refused(99, NRT_UNSUPPORTED_NEFF_VERSION);
  counters.loaded(4);
  const std::vector<CoreCounters> all = counters.values();
  CHECK(all[1].inference_count == 2);
  CHECK(all[1].time_in_use == 50);
  CHECK(all[1].flop_count == 100);
  CHECK(all[1].status[status_counter(NRT_EXEC_HW_ERR_DMA_ABORT)] == 1);
  CHECK(all[1].status[status_counter(NRT_QUEUE_FULL)] == 1);
  CHECK(all[0].status[status_counter(NRT_UNSUPPORTED_NEFF_VERSION)] == 1);
  CHECK(all[0].model_load_count == 1);
}

TEST_CASE("a status without a counter of its own is a generic error") {
  CHECK(std::string(status_counter_name(status_counter(NRT_EXEC_UNIT_UNRECOVERABLE))) ==
        "generic_error");
  CHECK(std::string(status_counter_name(status_counter(NRT_EXEC_OOB))) == "oob_error");
}
