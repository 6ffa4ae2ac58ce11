// SPDX-License-Identifier: Apache-2.0
// What is usually wrong when a run is slow, each with its numbers and a place to look at in the
// timeline.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "sim/hw/hardware.h"
#include "tools/why/critical_path.h"

namespace nsim::tool {

struct Finding {
  std::string name;   // "small_transfers"
  std::string text;   // with its numbers, and what helps
  std::string track;  // of the timeline
  SimTime from = 0;   // a range on it; both 0: all of it
  SimTime to = 0;
  std::string label;  // of the program's line there; "": none
};

/// Of a run's summary.json; `path` is where places in the timeline are taken from.
std::vector<Finding> find_causes(const nlohmann::json& summary, const hw::Topology& topology,
                                 const CriticalPath& path);

/// {name, text, track, from_ps, to_ps, line}, as `nsim why` and reports tell it.
nlohmann::ordered_json json_of(const Finding& finding);

}  // namespace nsim::tool
