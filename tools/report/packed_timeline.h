// SPDX-License-Identifier: Apache-2.0
// A timeline as the page reads it (tools/report/page/src/timeline.js): a head in JSON, and numbers
// that a million slices need a few megabytes for.
//
//   head    {begin, end, texts, labels: [{model, name}], rows: [{name, kind, count, columns}]}
//   data    base64 of a zlib stream of unsigned numbers, seven bits a byte, the lowest first. Row
//   after row,
//           `count` numbers per column: duration; start minus the end of the slice before (signed);
//           text; other minus end for engines, minus start for queues (signed); label; detail.
//           Signed numbers are 2n, or -2n - 1 when negative. `columns` names those of the last
//           three that a row has.
#pragma once

#include <cstdint>
#include <string>

#include "tools/report/run_timeline.h"

namespace nsim::tool {

struct PackedTimeline {
  std::string head;
  std::string data;
};
PackedTimeline pack(const RunTimeline& timeline);

}  // namespace nsim::tool
