// SPDX-License-Identifier: Apache-2.0
// Words of messages and reports.
#pragma once

#include <cstdint>
#include <string>

namespace nsim {

/// "1 core", "2 cores".
inline std::string counted(std::int64_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

}  // namespace nsim
