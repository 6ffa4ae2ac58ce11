// SPDX-License-Identifier: Apache-2.0
// One HTML file that shows a report: style, script and data are in it, it loads nothing and opens
// from disk. The script is the bundle of tools/report/page (docs/reports.md says how it is built).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "tools/report/packed_timeline.h"

namespace nsim::tool {

struct Page {
  std::string title;
  std::string subtitle;
  std::string fallback;  // for browsers without scripts
};

std::string html_page(const Page& page, const nlohmann::ordered_json& report,
                      const PackedTimeline& timeline);

}  // namespace nsim::tool
