// SPDX-License-Identifier: Apache-2.0
#include "runtime/status.h"

#include <catch2/catch.hpp>
#include <set>
#include <string>

using namespace nsim;
using namespace nsim::rt;

TEST_CASE("every device error has a status of its own, and only success is no error") {
  std::set<NRT_STATUS> seen;
  for (int error = 0; error <= static_cast<int>(hw::DeviceError::BadDescriptor); ++error) {
    const NRT_STATUS status = status_of(static_cast<hw::DeviceError>(error));
    CHECK(seen.insert(status).second);
    CHECK(std::string(status_name(status)) != "NRT_UNKNOWN");
  }
  CHECK(status_of(hw::DeviceError::None) == NRT_SUCCESS);
  CHECK(status_of(static_cast<hw::DeviceError>(200)) == NRT_HW_ERROR);
}

TEST_CASE("timeouts and hardware faults are fatal, faults of a request alone are not") {
  for (const NRT_STATUS status :
       {NRT_TIMEOUT, NRT_HW_ERROR, NRT_EXEC_HW_ERR_DMA_ABORT, NRT_EXEC_SW_NQ_OVERFLOW}) {
    CHECK(is_fatal(status));
  }
  for (const NRT_STATUS status :
       {NRT_SUCCESS, NRT_EXEC_BAD_INPUT, NRT_EXEC_OOB, NRT_EXEC_UNIT_UNRECOVERABLE}) {
    CHECK_FALSE(is_fatal(status));
  }
}
