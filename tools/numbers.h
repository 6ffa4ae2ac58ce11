// SPDX-License-Identifier: Apache-2.0
// Small steps between what a run left and what a report tells.
#pragma once

#include <nlohmann/json.hpp>

#include "sim/base/units.h"

namespace nsim::tool {

inline double nanoseconds(SimTime time) {
  return static_cast<double>(time) / kNanosecond;
}

/// 0 when there is nothing to divide by.
inline double ratio(double value, double by) {
  return by > 0 ? value / by : 0;
}

/// A field of an object; 0 when it is not there, or no number.
inline double number(const nlohmann::ordered_json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_number() ? found->get<double>() : 0;
}

}  // namespace nsim::tool
