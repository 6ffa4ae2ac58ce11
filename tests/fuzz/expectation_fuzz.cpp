// SPDX-License-Identifier: Apache-2.0
// Sentences about traces: parsed, or refused with the place of what is wrong.
#include <cstdint>
#include <string>

#include "tools/check/expectation.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  try {
    if (nsim::tool::parse_expectation(text, {"fuzz", 1, 1}).text != text) {
      __builtin_trap();
    }
  } catch (const nsim::UserError&) {
  }
  return 0;
}
