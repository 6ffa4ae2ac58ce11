// SPDX-License-Identifier: Apache-2.0
// The numbers of a summary, computed once from a session's record; report.cpp only renders them.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "runtime/report.h"

namespace nsim::rt {

/// Instructions of one kind on an engine; load_stationary and act_table_load stand among them.
struct OpSummary {
  std::int64_t count = 0;
  double busy_ns = 0;     // the engine was occupied
  double latency_ns = 0;  // summed: from start to result
};

/// Below this a DMA descriptor's fixed cost is most of it. NKI DMA bandwidth guide: at least 512 B,
/// at best 2 KiB and more, per descriptor.
inline constexpr double kSmallDescriptorBytes = 2048;

/// One engine over all cores that executed something; fractions are of the cores' active time.
struct EngineSummary {
  std::string name;
  double busy_ns = 0;
  double busy = 0;                     // fraction
  double active = 0;                   // fraction with an instruction between start and result
  std::map<std::string, double> idle;  // cause -> fraction
  std::map<std::string, double> slow;  // cause -> fraction; part of busy
  std::int64_t instructions = 0;
  std::map<std::string, OpSummary> ops;
};

/// One DMA queue over all cores that executed something.
struct QueueSummary {
  std::string name;  // as the public profiler shows it: "qSyncIO0"
  std::int64_t transfers = 0;
  double bytes = 0;
  double latency_ns = 0;  // summed: from issue to last update
};

/// One unit queue. A gap is time between the end of a request and the start of the next.
struct UnitSummary {
  std::string name;
  std::int64_t requests = 0;
  std::int64_t failed = 0;
  double busy_ns = 0;
  double gap_ns = 0;
  double mean_time_ns = 0;             // started to ended
  std::array<double, 3> latency_ns{};  // submitted to completed: median, 90th, 99th percentile
};

struct Summary {
  double total_ns = 0;  // first start to last end of any request
  std::int64_t executions = 0;
  double time_per_request_ns = 0;  // mean execution time on the device
  double throughput = 0;           // executions per simulated second over their span
  double busy_ns = 0;              // time in which any unit was busy
  double overlap = 0;              // sum of unit busy times / that
  int active_cores = 0;
  double active_ns = 0;  // summed over the active cores
  std::vector<EngineSummary> engines;
  std::vector<UnitSummary> units;
  std::vector<QueueSummary> queues;  // that moved something
  double dma_active = 0;             // fraction: mean over the DMA engines of active cores
  double dma_bytes = 0;
  double dma_mean_transfer_bytes = 0;
  double hbm_read_bytes = 0;
  double hbm_write_bytes = 0;
  double hbm_peak_rate = 0;    // of the stacks the active cores use, B/s
  double hbm_utilisation = 0;  // of that peak, over the execution time
  double matmul_flops = 0;
  double flops_rate = 0;            // achieved, per second of execution
  double peak_flops_rate = 0;       // bf16, of the active cores
  double arithmetic_intensity = 0;  // flop per HBM byte
  double ridge_intensity = 0;       // where the roofline bends
  double spilled_bytes = 0;
  std::string bound_by;  // "Tensor engine", "DMA", "HBM", "host submission", ...
  std::string advice;    // where to look
};

Summary summarise(const SessionRecord& record);

}  // namespace nsim::rt
