// SPDX-License-Identifier: Apache-2.0
// A fault plan: which faults strike when. It is the list [[fault]] of a configuration:
// docs/faults.md lists the keys.
//
// Data flow: file or hook -> Config (its list of tables) -> take_fault_plan() -> FaultRules ->
// Faults::add(), which the modules of the hardware ask.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/config.h"
#include "sim/base/units.h"
#include "sim/hw/fault_points.h"

namespace nsim::hw {

struct FaultRule {
  FaultPoint point = FaultPoint::HbmUncorrectable;
  std::optional<FaultPhase> phase;
  std::optional<UnitType> unit;
  std::optional<std::int64_t> core;
  std::optional<std::int64_t> queue;
  std::uint64_t request = 0;  // 0: any
  std::uint64_t address = 0;  // with `bytes` 0: any
  std::uint64_t bytes = 0;
  SimTime after = 0;
  std::uint64_t hit = 1;
  std::optional<double> probability;
  std::string stream;
  std::uint64_t repeat = 1;
  std::string origin;  // file:line
};

/// Takes the list [[fault]] of `config`. Throws UserError naming file, line, key and the nearest
/// valid name.
std::vector<FaultRule> take_fault_plan(Config& config);

}  // namespace nsim::hw
