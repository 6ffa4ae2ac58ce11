// SPDX-License-Identifier: Apache-2.0
#include "tests/support/api_run.h"

#include <cstdlib>

#include "tests/support/test_program.h"

namespace nsim::test {

ApiMachine& api_machine() {
  static ApiMachine* machine = [] {
    setenv("NSIM_HOOKS", "1", 1);
    setenv("NSIM_CONFIG", "trn1", 1);
    setenv("NSIM_SET", "runtime.queue_depth=3;runtime.exec_timeout=200us", 1);
    setenv("NEURON_RT_LOG_LEVEL", "QUIET", 1);
    setenv("NEURON_RT_LOCAL_CORE_DUMP_DIRECTORY", "", 1);  // failures by the million
    return new ApiMachine(increment_container("trn1", 1), increment_bytes(1), 3);
  }();
  return *machine;
}

}  // namespace nsim::test
