// SPDX-License-Identifier: Apache-2.0
// Any sequence of calls of libnrt goes as the oracle says; a sequence that does not is shrunk by
// rapidcheck to a short one. RC_PARAMS sets the number and length of sequences and the seed.
#include <rapidcheck.h>

#include "tests/support/api_run.h"

int main() {
  nsim::test::ApiMachine& machine = nsim::test::api_machine();
  const bool right =
      rc::check("libnrt does what the oracle says", [&](const std::vector<std::uint8_t>& bytes) {
        try {
          machine.run(bytes.data(), bytes.size());
        } catch (const nsim::test::ApiMismatch& mismatch) {
          RC_FAIL(mismatch.what());
        }
      });
  return right ? 0 : 1;
}
