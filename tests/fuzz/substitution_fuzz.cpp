// SPDX-License-Identifier: Apache-2.0
// Any text is a substitution map or a UserError; every entry of a map says for what and by what.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "runtime/substitution.h"

using namespace nsim;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const rt::SubstitutionMap map = rt::SubstitutionMap::parse(
        std::string(reinterpret_cast<const char*>(data), size), "fuzz.toml");
    for (const rt::Substitute& entry : map.entries()) {
      if (entry.program.empty() || entry.hash.size() + entry.uuid.size() + entry.name.size() == 0) {
        std::abort();
      }
    }
  } catch (const UserError&) {
    return 0;
  }
  return 0;
}
