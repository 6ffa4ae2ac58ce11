// SPDX-License-Identifier: Apache-2.0
// The part of a run's report that is about the kernels it ran: what every source line took. Null
// when no instruction names a line.
//
//   name, arguments,  of kernel.json, which `nsim nki` and nki.profile leave; else absent
//   grid
//   checks            the same: [{output, passed, text, ...}]
//   memory            per model: [{model, sbuf_peak_bytes_per_partition: in use at a time,
//                     sbuf_placed_bytes_per_partition: the highest one used,
//                     sbuf_capacity_bytes_per_partition, psum_...}]
//   lines             in the order of the source: [{model, line, source, critical_path_ns,
//                     under_way_ns, engines: {vector: {busy_ns, instructions}}, dma: {transfers,
//                     bytes, descriptors, bytes_per_descriptor, moving_ns, bytes_per_second}}];
//                     engines and dma only where the line uses them; `line` "": of no line
//   longest           of the critical path, the longest first: [{line, what, where, waiting_for,
//                     time_ns, times, percent_of_request, from_ps, to_ps: where it is longest}]
//
// Times of lines are sums over cores and executions; `under_way_ns` and `moving_ns` are times in
// which any of its work was, so that work side by side counts once.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "tools/report/run_timeline.h"
#include "tools/why/critical_path.h"

namespace nsim::tool {

nlohmann::ordered_json kernel_report(const std::string& folder, const nlohmann::json& summary,
                                     const RunTimeline& timeline, const CriticalPath& path);

/// A screen for a terminal, out of the document of run_report(). Throws UserError when its run is
/// of no kernel.
std::string kernel_text(const nlohmann::ordered_json& report);

}  // namespace nsim::tool
