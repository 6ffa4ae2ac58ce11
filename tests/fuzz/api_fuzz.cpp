// SPDX-License-Identifier: Apache-2.0
// Sequences of calls of libnrt against the oracle of tests/support/api_oracle.h. A mismatch ends
// the process.
#include <cstdio>
#include <cstdlib>

#include "tests/support/api_run.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static nsim::test::ApiMachine& machine = nsim::test::api_machine();
  try {
    machine.run(data, size);
  } catch (const nsim::test::ApiMismatch& mismatch) {
    std::fprintf(stderr, "%s\n", mismatch.what());
    std::abort();
  }
  return 0;
}
