// SPDX-License-Identifier: Apache-2.0
// Everything a report says of one run, as one document that the page, the terminal and programs get
// alike.
//
//   folder         of the run
//   metadata       of summary.json (is_simulation, instance, target, ...)
//   run            of run.json, when there is one: arguments, build, exit_status, error
//   summary        of summary.json
//   findings       as nsim why has them: [{name, text, track, from_ps, to_ps, line: where, "": none}]
//   kernel         null unless source lines are known: kernel_report.h
//   critical_path  of the last request, when the run recorded it (--why): {unit, sequence, time_ns,
//                  rows: [{what, where, waiting_for, time_ns, times, from_ps, to_ps: the longest}]}
//   engines        of summary.json: busy, active, idle and slow percentages by cause, ops
//   dma            {queues: of summary.json, engines: [{name, busy_percent, bytes}]}
//   bandwidth      of the HBM stacks while programs ran: read_bytes, write_bytes, spill_save_bytes
//   (a part
//                  of the written), unused_bytes, peak_bytes
//   roofline       {peak_flops_per_second, peak_bytes_per_second, operators: [{model, name,
//   executions,
//                  matmul_flops, elementwise_ops, hbm_read_bytes, hbm_write_bytes, instructions,
//                  dma_transfers, time_ns, arithmetic_intensity, flops_per_second}]}; work is that
//                  of all executions, time_ns is present when the run left traces
//   units          of summary.json: latency percentiles and gaps
//   requests       of summary.json; those that failed with the name of their status, `error`
//   configuration  {product, differences: [{path, product, run, source}]}
//   client_checks  of summary.json
//   hbm_levels     how much each category of memory has from when on: hbm_usage of summary.json
//   hbm_usage      bytes by stack and category when the run ended
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "tools/report/run_timeline.h"

namespace nsim::tool {

/// The timeline of the run whose summary.json is `summary`.
RunTimeline read_timeline(const std::string& folder, const nlohmann::json& summary);

/// Throws UserError when `summary` was not written by `nsim run` or a program under `nsim exec`.
nlohmann::ordered_json run_report(const std::string& folder, const nlohmann::json& summary,
                                  const RunTimeline& timeline);

/// How much of the time each engine was busy, and what it waited for: a part of report_text().
std::string engines_text(const nlohmann::ordered_json& report);

/// One or two screens for a terminal.
std::string report_text(const nlohmann::ordered_json& report);

}  // namespace nsim::tool
