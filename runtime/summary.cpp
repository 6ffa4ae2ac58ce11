// SPDX-License-Identifier: Apache-2.0
#include "runtime/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "sim/isa/program.h"

namespace nsim::rt {
namespace {

/// Statistics as a lookup table; absent names count as zero because a core may lack a unit.
class Lookup {
 public:
  explicit Lookup(const Stats& stats) {
    for (const Stat& stat : stats.all()) {
      values_[stat.name] = stat.value;
    }
  }
  double operator()(const std::string& name) const {
    const auto found = values_.find(name);
    return found == values_.end() ? 0 : found->second;
  }
  /// Visits every statistic below `prefix`, with the rest of its name.
  template <class Visit>
  void below(const std::string& prefix, Visit visit) const {
    for (auto it = values_.lower_bound(prefix);
         it != values_.end() && it->first.compare(0, prefix.size(), prefix) == 0; ++it) {
      visit(it->first.substr(prefix.size()), it->second);
    }
  }

 private:
  std::map<std::string, double> values_;
};

double nanoseconds(SimTime time) {
  return static_cast<double>(time) / kNanosecond;
}

double percentile(std::vector<double>& sorted, double fraction) {
  if (sorted.empty()) {
    return 0;
  }
  const auto rank =
      static_cast<std::size_t>(fraction * static_cast<double>(sorted.size() - 1) + 0.5);
  return sorted[rank];
}

/// Physical cores that ran something, as statistic prefixes "nd0.nc1.".
std::vector<std::string> active_cores(const SessionRecord& record, const Lookup& stat) {
  std::vector<std::string> cores;
  for (int device = 0; device < record.topology.devices; ++device) {
    for (int core = 0; core < record.topology.cores_per_device; ++core) {
      const std::string prefix = fmt::format("nd{}.nc{}.", device, core);
      if (stat(prefix + "active") > 0) {
        cores.push_back(prefix);
      }
    }
  }
  return cores;
}

/// Adds `name` of a core's statistics, "tensor_copy.busy", to its kind of instruction.
void add_op(const std::string& name, double value, std::map<std::string, OpSummary>& ops) {
  const std::size_t dot = name.rfind('.');
  OpSummary& op = ops[name.substr(0, dot)];
  const std::string field = name.substr(dot + 1);
  if (field == "count") {
    op.count += static_cast<std::int64_t>(value);
  } else {
    (field == "busy" ? op.busy_ns : op.latency_ns) += value;
  }
}

void summarise_engines(const Lookup& stat, const std::vector<std::string>& cores, Summary& out) {
  for (const std::string& core : cores) {
    out.active_ns += stat(core + "active");
  }
  out.active_cores = static_cast<int>(cores.size());
  for (int index = 0; index < isa::kEngineCount; ++index) {
    const char* const name = isa::name(static_cast<isa::Engine>(index));
    EngineSummary engine;
    engine.name = name;
    for (const std::string& core : cores) {
      const std::string prefix = core + name + ".";
      engine.busy_ns += stat(prefix + "busy");
      engine.instructions += static_cast<std::int64_t>(stat(prefix + "instructions"));
      stat.below(prefix + "idle_", [&](const std::string& cause, double value) {
        engine.idle[cause] += out.active_ns > 0 ? value / out.active_ns : 0;
      });
      stat.below(prefix + "slow_", [&](const std::string& cause, double value) {
        engine.slow[cause] += out.active_ns > 0 ? value / out.active_ns : 0;
      });
      stat.below(prefix + "ops.",
                 [&](const std::string& op, double value) { add_op(op, value, engine.ops); });
      engine.active += out.active_ns > 0 ? stat(prefix + "active") / out.active_ns : 0;
    }
    engine.busy = out.active_ns > 0 ? engine.busy_ns / out.active_ns : 0;
    out.engines.push_back(engine);
  }
}

void summarise_queues(const Lookup& stat, const std::vector<std::string>& cores, Summary& out) {
  std::map<std::string, QueueSummary> queues;
  for (const std::string& core : cores) {
    stat.below(core + "dma.queue.", [&](const std::string& name, double value) {
      const std::size_t dot = name.rfind('.');
      QueueSummary& queue = queues[name.substr(0, dot)];
      const std::string field = name.substr(dot + 1);
      if (field == "transfers") {
        queue.transfers += static_cast<std::int64_t>(value);
      } else {
        (field == "bytes" ? queue.bytes : queue.latency_ns) += value;
      }
    });
  }
  for (auto& [name, queue] : queues) {
    queue.name = name;
    out.queues.push_back(queue);
  }
}

void summarise_memory(const SessionRecord& record, const Lookup& stat,
                      const std::vector<std::string>& cores, Summary& out) {
  double busy = 0;
  double descriptors = 0;
  int engines = 0;
  for (const std::string& core : cores) {
    for (int engine = 0; engine < record.topology.dma_engines; ++engine) {
      const std::string prefix = fmt::format("{}dma.engine{}.", core, engine);
      busy += stat(prefix + "busy");
      out.dma_bytes += stat(prefix + "bytes");
      descriptors += stat(prefix + "descriptors");
      ++engines;
    }
  }
  const double mean_active = cores.empty() ? 0 : out.active_ns / static_cast<double>(cores.size());
  out.dma_active = engines > 0 && mean_active > 0 ? busy / engines / mean_active : 0;
  out.dma_mean_transfer_bytes = descriptors > 0 ? out.dma_bytes / descriptors : 0;

  std::set<int> stacks;
  for (const ModelRecord& model : record.models) {
    stacks.insert(record.topology.hbm_of_core[static_cast<std::size_t>(model.core)]);
  }
  for (const int index : stacks) {
    const hw::HbmRegion& region = record.topology.hbm[static_cast<std::size_t>(index)];
    const std::string prefix = fmt::format("nd{}.hbm{}.", region.device, region.stack);
    out.hbm_read_bytes += stat(prefix + "read_bytes");
    out.hbm_write_bytes += stat(prefix + "write_bytes");
    out.hbm_peak_rate += stat(prefix + "peak_rate");
  }
}

void summarise_work(const SessionRecord& record, const Lookup& stat,
                    const std::vector<std::string>& cores, double execution_ns, Summary& out) {
  std::map<std::uint32_t, const ModelRecord*> models;
  for (const ModelRecord& model : record.models) {
    models[model.id] = &model;
  }
  double bytes = 0;
  for (const RequestRecord& request : record.requests) {
    const auto model = models.find(request.model_id);
    if (request.unit.type != hw::UnitType::Compute || request.status != 0 ||
        model == models.end()) {
      continue;
    }
    out.matmul_flops += static_cast<double>(model->second->work.matmul_flops);
    bytes += static_cast<double>(model->second->work.hbm_read_bytes +
                                 model->second->work.hbm_write_bytes);
    out.spilled_bytes += static_cast<double>(model->second->spilled_bytes);
  }
  for (const std::string& core : cores) {
    out.peak_flops_rate += stat(core + "tensor.peak_flops");
  }
  out.flops_rate = execution_ns > 0 ? out.matmul_flops / (execution_ns * 1e-9) : 0;
  out.arithmetic_intensity = bytes > 0 ? out.matmul_flops / bytes : 0;
  out.ridge_intensity = out.hbm_peak_rate > 0 ? out.peak_flops_rate / out.hbm_peak_rate : 0;
  // As the other resources: what executions ask for, in the time of executions.
  out.hbm_utilisation = execution_ns > 0 && out.hbm_peak_rate > 0
                            ? bytes / (execution_ns * 1e-9) / out.hbm_peak_rate
                            : 0;
}

/// Length of the union of [started, ended) over requests that satisfy `wanted`.
template <class Wanted>
double union_ns(const std::vector<RequestRecord>& requests, Wanted wanted) {
  std::vector<std::pair<SimTime, SimTime>> spans;
  for (const RequestRecord& request : requests) {
    if (wanted(request)) {
      spans.emplace_back(request.started, request.ended);
    }
  }
  std::sort(spans.begin(), spans.end());
  SimTime total = 0;
  SimTime reached = 0;
  for (const auto& [start, end] : spans) {
    const SimTime from = std::max(start, reached);
    if (end > from) {
      total += end - from;
      reached = end;
    }
  }
  return nanoseconds(total);
}

bool executed(const RequestRecord& request) {
  return request.ended > request.started;
}

UnitSummary summarise_unit(const std::string& name,
                           const std::vector<const RequestRecord*>& requests) {
  UnitSummary unit;
  unit.name = name;
  std::vector<double> latencies;
  const RequestRecord* before = nullptr;
  for (const RequestRecord* request : requests) {
    ++unit.requests;
    unit.failed += request->status != 0 ? 1 : 0;
    latencies.push_back(nanoseconds(request->completed - request->submitted));
    if (executed(*request)) {
      unit.busy_ns += nanoseconds(request->ended - request->started);
      unit.gap_ns += before != nullptr ? nanoseconds(request->started - before->ended) : 0;
      before = request;
    }
  }
  std::sort(latencies.begin(), latencies.end());
  unit.latency_ns = {percentile(latencies, 0.5), percentile(latencies, 0.9),
                     percentile(latencies, 0.99)};
  unit.mean_time_ns = unit.requests > 0 ? unit.busy_ns / static_cast<double>(unit.requests) : 0;
  return unit;
}

void summarise_requests(const SessionRecord& record, Summary& out) {
  std::map<std::tuple<int, int, int>, std::vector<const RequestRecord*>> by_unit;
  SimTime first = kNever;
  SimTime last = 0;
  SimTime first_execution = kNever;
  SimTime last_execution = 0;
  for (const RequestRecord& request : record.requests) {
    by_unit[{request.unit.core, static_cast<int>(request.unit.type), request.unit.queue}].push_back(
        &request);
    if (!executed(request)) {
      continue;
    }
    first = std::min(first, request.started);
    last = std::max(last, request.ended);
    if (request.unit.type == hw::UnitType::Compute) {
      ++out.executions;
      first_execution = std::min(first_execution, request.started);
      last_execution = std::max(last_execution, request.ended);
      out.time_per_request_ns += nanoseconds(request.ended - request.started);
    }
  }
  double unit_busy = 0;
  for (const auto& [key, requests] : by_unit) {
    out.units.push_back(summarise_unit(unit_name(requests.front()->unit), requests));
    unit_busy += out.units.back().busy_ns;
  }
  out.total_ns = last > first ? nanoseconds(last - first) : 0;
  out.busy_ns = union_ns(record.requests, executed);
  out.overlap = out.busy_ns > 0 ? unit_busy / out.busy_ns : 0;
  if (out.executions > 0) {
    out.time_per_request_ns /= static_cast<double>(out.executions);
    out.throughput = static_cast<double>(out.executions) /
                     (nanoseconds(last_execution - first_execution) * 1e-9);
  }
}

/// Time from the first start to the last end on a unit.
double span_ns(const UnitSummary& unit) {
  return unit.busy_ns + unit.gap_ns;
}

bool of_type(const UnitSummary& unit, const char* type) {
  return unit.name.find(std::string(".") + type + ".") != std::string::npos;
}

/// The largest fraction of its span that a unit of `type` spent on what `part` says.
template <class Part>
double largest_fraction(const Summary& summary, const char* type, Part part) {
  double largest = 0;
  for (const UnitSummary& unit : summary.units) {
    if (of_type(unit, type) && span_ns(unit) > 0) {
      largest = std::max(largest, part(unit) / span_ns(unit));
    }
  }
  return largest;
}

double busy_part(const UnitSummary& unit) {
  return unit.busy_ns;
}
double gap_part(const UnitSummary& unit) {
  return unit.gap_ns;
}

std::string advice_on_dma(const Summary& summary) {
  return fmt::format(
      summary.dma_mean_transfer_bytes < kSmallDescriptorBytes
          ? "mean descriptor {:.0f} B; below 2 KiB the per-descriptor overhead dominates"
          : "what is moved, and what could stay on the chip: descriptors are large "
            "enough ({:.0f} B on average)",
      summary.dma_mean_transfer_bytes);
}

std::string advice_on(const EngineSummary& engine) {
  const auto throttle = engine.slow.find("throttle");
  if (throttle != engine.slow.end() && throttle->second > 0.25 * engine.busy) {
    return "its utilisation limit: fewer gaps between instructions keep it at full rate";
  }
  return fmt::format("its {} instructions: fewer or larger ones, or another engine",
                     engine.instructions);
}

/// The resource with the highest utilisation bounds the run, unless the compute queue ran dry for
/// longer.
void judge(Summary& out) {
  if (out.executions == 0) {
    out.bound_by = "host transfers";
    out.advice = "no program was executed";
    return;
  }
  struct Candidate {
    double fraction;
    std::string name;
    std::string advice;
  };
  std::vector<Candidate> candidates;
  for (const EngineSummary& engine : out.engines) {
    candidates.push_back({engine.busy, engine.name + " engine", advice_on(engine)});
  }
  candidates.push_back({out.dma_active, "DMA engines", advice_on_dma(out)});
  candidates.push_back(
      {out.hbm_utilisation, "HBM bandwidth", "reuse of loaded tiles (arithmetic intensity)"});
  // Engines and memories are busy only while programs run; the queue's view is that of the whole
  // run.
  const double gaps = largest_fraction(out, "compute", gap_part);
  for (Candidate& candidate : candidates) {
    candidate.fraction *= 1 - gaps;
  }
  candidates.push_back(
      {gaps, "host submission",
       "the compute queue ran dry between requests: keep 2-3 requests queued (--depth 3)"});
  for (const auto& [type, what] :
       {std::pair("tensor_write", "writing inputs"), std::pair("tensor_read", "reading outputs")}) {
    candidates.push_back(
        {largest_fraction(out, type, busy_part), fmt::format("host link, {}", what),
         "the size of the transfers, and keeping tensors on the device between requests"});
  }
  const auto best =
      std::max_element(candidates.begin(), candidates.end(),
                       [](const auto& a, const auto& b) { return a.fraction < b.fraction; });
  out.bound_by = fmt::format("{} ({:.1f} %)", best->name, 100 * best->fraction);
  out.advice = best->advice;
  if (best->fraction < 0.5) {
    out.bound_by += ": no resource is half used, latency and dependencies bound the run";
    out.advice = "the idle causes above, and the wait tracks of the device timeline";
  }
}

}  // namespace

Summary summarise(const SessionRecord& record) {
  Summary out;
  const Lookup stat(record.stats);
  const std::vector<std::string> cores = active_cores(record, stat);
  summarise_requests(record, out);
  summarise_engines(stat, cores, out);
  summarise_memory(record, stat, cores, out);
  summarise_queues(stat, cores, out);
  const double execution_ns = union_ns(record.requests, [](const RequestRecord& request) {
    return executed(request) && request.unit.type == hw::UnitType::Compute;
  });
  summarise_work(record, stat, cores, execution_ns, out);
  judge(out);
  return out;
}

}  // namespace nsim::rt
