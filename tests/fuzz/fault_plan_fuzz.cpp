// SPDX-License-Identifier: Apache-2.0
// Any bytes as a fault plan: either a UserError, or rules that survive being written and read.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/error.h"
#include "sim/hw/fault_plan.h"

using namespace nsim;

namespace {

void require(bool condition, const char* what) {
  if (!condition) {
    throw InternalError(what);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  try {
    Config config = Config::parse(text, "fuzz.toml", "/nowhere");
    const std::vector<hw::FaultRule> rules = hw::take_fault_plan(config);
    Config again = Config::parse(config.resolved_toml(), "resolved", "/nowhere");
    const std::vector<hw::FaultRule> same = hw::take_fault_plan(again);
    require(same.size() == rules.size(), "a fault was lost");
    for (std::size_t i = 0; i < rules.size(); ++i) {
      require(same[i].point == rules[i].point && same[i].phase == rules[i].phase &&
                  same[i].unit == rules[i].unit && same[i].address == rules[i].address &&
                  same[i].bytes == rules[i].bytes && same[i].after == rules[i].after &&
                  same[i].hit == rules[i].hit && same[i].repeat == rules[i].repeat &&
                  same[i].probability == rules[i].probability && same[i].stream == rules[i].stream,
              "a fault changed");
    }
  } catch (const UserError&) {
  }
  return 0;
}
