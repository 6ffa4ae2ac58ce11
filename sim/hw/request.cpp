// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/request.h"

#include <fmt/format.h>

#include <array>

namespace nsim::hw {

const char* name(UnitType type) {
  static constexpr std::array<const char*, kUnitTypeCount> kNames{
      "tensor_read", "tensor_write", "tensor_op", "compute", "collectives", "sync"};
  return kNames[static_cast<std::size_t>(type)];
}

std::string unit_name(const UnitAddress& unit) {
  return fmt::format("nc{}.{}.q{}", unit.core, name(unit.type), unit.queue);
}

}  // namespace nsim::hw
