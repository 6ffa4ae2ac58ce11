// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/target.h"

namespace nsim::isa {

std::string core_name(int core_version) {
  std::string targets;
  for (const TargetRow& row : kTargets) {
    if (row.core_version == core_version) {
      targets += (targets.empty() ? "" : ", ") + std::string(row.name);
    }
  }
  return "NeuronCore-v" + std::to_string(core_version) + " (" + targets + ")";
}

}  // namespace nsim::isa
