// SPDX-License-Identifier: Apache-2.0
// summary.json, schema version 1:
//   metadata    is_simulation, simulator, version, instance, target, logical_cores, lnc, clock, ...
//   summary     the run in one object; names and units of the public profiler's Summary table where
//               it has them (total_time in ns, *_percent), ours otherwise
//   engines     per engine: busy_ns, busy_percent, active_percent (an instruction is between start
//               and result), instructions, idle_percent and slow_percent {cause: percent of the
//               cores' active time}, ops {instruction: {count, busy_ns, latency_ns}}; what slows
//               an engine is part of busy
//   units       per unit queue: requests, failed, busy_ns, gap_ns, mean_time_ns, latency_ns {...}
//   queues      per DMA queue: transfers, bytes, latency_ns (summed: from issue to last update)
//   counters    per logical core and HBM stack, see counters.h
//   hbm_usage   how much of a stack each category of memory has from when on: {at_ps, device, hbm,
//               category, bytes}
//   models      per loaded model: id, name, core, work, the work of each operator, and bytes of a
//               partition of SBUF and PSUM: peak (in use at a time), placed (the highest one used),
//               capacity
//   requests    every completed request, times in integer picoseconds
//   client_checks  what the checking mode found, {enabled, findings [{bug, object, first, second
//   {api,
//               unit, sequence, thread}, count, text}]}
//   statistics  every statistic of the hardware: {value, unit, description}
#include "runtime/report.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "runtime/json_text.h"
#include "runtime/output_file.h"
#include "runtime/summary.h"
#include "sim/base/error.h"
#include "sim/base/words.h"

namespace nsim::rt {
namespace {

using Json = nlohmann::ordered_json;

Json metadata(const SessionRecord& record) {
  return {{"schema_version", 1},
          {"is_simulation", true},
          {"simulator", "neuronsim"},
          {"instance", record.topology.name},
          {"target", record.topology.target},
          {"devices", record.topology.devices},
          {"logical_cores", record.topology.logical_cores},
          {"lnc", record.topology.cores_per_logical},
          {"clock", record.clock_mode},
          {"numerics", record.numerics}};
}

Json headline(const Summary& s) {
  Json out{{"total_time", s.total_ns},
           {"executions", s.executions},
           {"time_per_request_ns", s.time_per_request_ns},
           {"throughput_per_second", s.throughput},
           {"unit_overlap", s.overlap},
           {"active_cores", s.active_cores},
           {"active_time_ns", s.active_ns}};
  for (const EngineSummary& engine : s.engines) {
    out[engine.name + "_engine_active_time_percent"] = 100 * engine.active;
  }
  out["dma_active_time_percent"] = 100 * s.dma_active;
  out["dma_transfer_total_bytes"] = s.dma_bytes;
  out["dma_transfer_average_bytes"] = s.dma_mean_transfer_bytes;
  out["hbm_read_bytes"] = s.hbm_read_bytes;
  out["hbm_write_bytes"] = s.hbm_write_bytes;
  out["mbu_estimated_percent"] = 100 * s.hbm_utilisation;
  out["hfu_estimated_percent"] = s.peak_flops_rate > 0 ? 100 * s.flops_rate / s.peak_flops_rate : 0;
  out["model_flops"] = s.matmul_flops;
  out["flops_per_second"] = s.flops_rate;
  out["peak_flops_per_second"] = s.peak_flops_rate;
  out["arithmetic_intensity"] = s.arithmetic_intensity;
  out["ridge_arithmetic_intensity"] = s.ridge_intensity;
  out["spill_save_bytes"] = s.spilled_bytes;
  out["bound_by"] = s.bound_by;
  out["advice"] = s.advice;
  return out;
}

Json percent(const std::map<std::string, double>& fractions) {
  Json out = Json::object();
  for (const auto& [cause, fraction] : fractions) {
    out[cause] = 100 * fraction;
  }
  return out;
}

Json ops(const EngineSummary& engine) {
  Json out = Json::object();
  for (const auto& [name, op] : engine.ops) {
    out[name] = {{"count", op.count}, {"busy_ns", op.busy_ns}, {"latency_ns", op.latency_ns}};
  }
  return out;
}

Json engines(const Summary& summary) {
  Json out = Json::object();
  for (const EngineSummary& engine : summary.engines) {
    out[engine.name] = {{"busy_ns", engine.busy_ns},
                        {"busy_percent", 100 * engine.busy},
                        {"active_percent", 100 * engine.active},
                        {"instructions", engine.instructions},
                        {"idle_percent", percent(engine.idle)},
                        {"slow_percent", percent(engine.slow)},
                        {"ops", ops(engine)}};
  }
  return out;
}

Json units(const Summary& summary) {
  Json out = Json::object();
  for (const UnitSummary& unit : summary.units) {
    out[unit.name] = {
        {"requests", unit.requests},
        {"failed", unit.failed},
        {"busy_ns", unit.busy_ns},
        {"gap_ns", unit.gap_ns},
        {"mean_time_ns", unit.mean_time_ns},
        {"latency_ns",
         {{"p50", unit.latency_ns[0]}, {"p90", unit.latency_ns[1]}, {"p99", unit.latency_ns[2]}}}};
  }
  return out;
}

Json queues(const Summary& summary) {
  Json out = Json::object();
  for (const QueueSummary& queue : summary.queues) {
    out[queue.name] = {
        {"transfers", queue.transfers}, {"bytes", queue.bytes}, {"latency_ns", queue.latency_ns}};
  }
  return out;
}

Json hbm_usage(const SessionRecord& record) {
  Json out = Json::array();
  for (const MemoryLevel& level : record.memory_levels) {
    out.push_back({{"at_ps", level.at},
                   {"device", level.device},
                   {"hbm", level.stack},
                   {"category", memory_use_name(level.use)},
                   {"bytes", level.bytes}});
  }
  return out;
}

Json work_of(const isa::Work& work) {
  return {{"matmul_flops", work.matmul_flops},     {"elementwise_ops", work.elementwise_ops},
          {"hbm_read_bytes", work.hbm_read_bytes}, {"hbm_write_bytes", work.hbm_write_bytes},
          {"instructions", work.instructions},     {"dma_transfers", work.dma_transfers}};
}

Json on_chip(const std::string& memory, const ModelRecord::OnChip& use) {
  return {{memory + "_peak_bytes_per_partition", use.peak},
          {memory + "_placed_bytes_per_partition", use.placed},
          {memory + "_capacity_bytes_per_partition", use.capacity}};
}

Json models(const SessionRecord& record) {
  Json out = Json::array();
  for (const ModelRecord& model : record.models) {
    Json operators = Json::array();
    for (const auto& [name, work] : model.operators) {
      Json one{{"name", name}};
      one.update(work_of(work));
      operators.push_back(std::move(one));
    }
    Json one{{"id", model.id}, {"name", model.name}, {"logical_core", model.core}};
    one.update(work_of(model.work));
    one["spilled_bytes"] = model.spilled_bytes;
    one.update(on_chip("sbuf", model.sbuf));
    one.update(on_chip("psum", model.psum));
    one["operators"] = std::move(operators);
    out.push_back(std::move(one));
  }
  return out;
}

Json requests(const SessionRecord& record) {
  Json out = Json::array();
  for (const RequestRecord& request : record.requests) {
    out.push_back({{"unit", unit_name(request.unit)},
                   {"sequence", request.sequence},
                   {"model_id", request.model_id},
                   {"bytes", request.bytes},
                   {"submitted_ps", request.submitted},
                   {"started_ps", request.started},
                   {"ended_ps", request.ended},
                   {"completed_ps", request.completed},
                   {"status", request.status}});
  }
  return out;
}

Json call(const ClientCall& of) {
  return {{"api", of.api}, {"unit", of.unit}, {"sequence", of.sequence}, {"thread", of.thread}};
}

Json client_checks(const ClientCheckRecord& record) {
  Json findings = Json::array();
  for (const ClientFinding& finding : record.findings) {
    findings.push_back({{"bug", name_of(finding.bug)},
                        {"object", finding.object},
                        {"first", call(finding.first)},
                        {"second", call(finding.second)},
                        {"count", finding.count},
                        {"text", finding.text()}});
  }
  return {{"enabled", record.enabled}, {"findings", findings}};
}

Json statistics(const Stats& stats) {
  Json out = Json::object();
  for (const Stat& stat : stats.all()) {
    out[stat.name] = {
        {"value", stat.value}, {"unit", stat.unit}, {"description", stat.description}};
  }
  return out;
}

std::string bar(double fraction) {
  constexpr int kWidth = 25;
  const int filled = std::min(kWidth, static_cast<int>(fraction * kWidth + 0.5));
  return std::string(static_cast<std::size_t>(filled), '#') +
         std::string(static_cast<std::size_t>(kWidth - filled), '.');
}

/// "dma 41.0 %, vector 3.2 %": the largest causes first, small ones left out.
std::string cause_text(const std::map<std::string, double>& fractions) {
  std::vector<std::pair<double, std::string>> causes;
  for (const auto& [cause, fraction] : fractions) {
    if (fraction >= 0.005) {
      causes.emplace_back(fraction, cause);
    }
  }
  std::sort(causes.rbegin(), causes.rend());
  std::string text;
  for (const auto& [fraction, cause] : causes) {
    text += fmt::format("{}{} {:.1f} %", text.empty() ? "" : ", ", cause, 100 * fraction);
  }
  return text;
}

void write_file(const std::filesystem::path& path, const std::string& text) {
  try {
    write_output(path, text);
  } catch (const std::exception& error) {
    throw UserError(fmt::format("cannot write {}: {}", path.string(), error.what()));
  }
}

}  // namespace

std::string summary_json(const SessionRecord& record) {
  const Summary summary = summarise(record);
  const Json out{{"metadata", metadata(record)},
                 {"summary", headline(summary)},
                 {"engines", engines(summary)},
                 {"units", units(summary)},
                 {"queues", queues(summary)},
                 {"counters", counters_json(record.counters)},
                 {"hbm_usage", hbm_usage(record)},
                 {"models", models(record)},
                 {"requests", requests(record)},
                 {"client_checks", client_checks(record.client_checks)},
                 {"statistics", statistics(record.stats)}};
  return json_text(out, 1) + "\n";
}

std::string summary_text(const SessionRecord& record) {
  const Summary s = summarise(record);
  std::string out = fmt::format(
      "{} ({}, {}, {}, LNC {})   clock {}, numerics {}\n\n", record.topology.name,
      record.topology.target, counted(record.topology.devices, "device"),
      counted(record.topology.logical_cores, "logical core"), record.topology.cores_per_logical,
      record.clock_mode, record.numerics ? "on" : "off");
  if (s.executions > 0) {
    out += fmt::format("  time per request  {:>12}   ({}, {:.1f} per second)\n",
                       time_text(s.time_per_request_ns), counted(s.executions, "request"),
                       s.throughput);
  }
  out += fmt::format("  total             {:>12}   (unit overlap {:.2f})\n\n",
                     time_text(s.total_ns), s.overlap);
  out += fmt::format("  {:<10} {:>7}  {:<25}  idle: waiting for\n", "resource", "busy", "");
  for (const EngineSummary& engine : s.engines) {
    const std::string slow = cause_text(engine.slow);
    out += fmt::format("  {:<10} {:>6.1f}%  {}  {}{}\n", engine.name, 100 * engine.busy,
                       bar(engine.busy), cause_text(engine.idle),
                       slow.empty() ? "" : fmt::format("   slowed by: {}", slow));
  }
  out += fmt::format("  {:<10} {:>6.1f}%  {}  mean descriptor {:.0f} B\n", "dma",
                     100 * s.dma_active, bar(s.dma_active), s.dma_mean_transfer_bytes);
  out += fmt::format(
      "  {:<10} {:>6.1f}%  {}  {:.1f} MB read, {:.1f} MB written (with the host's transfers)\n\n",
      "hbm", 100 * s.hbm_utilisation, bar(s.hbm_utilisation), s.hbm_read_bytes * 1e-6,
      s.hbm_write_bytes * 1e-6);
  for (const UnitSummary& unit : s.units) {
    out += fmt::format(
        "  {:<20} {:>14}{}, busy {:>11}, gaps {:>11}, latency p50 {:>11} p99 {:>11}\n", unit.name,
        counted(unit.requests, "request"),
        unit.failed > 0 ? fmt::format(" ({} failed)", unit.failed) : "", time_text(unit.busy_ns),
        time_text(unit.gap_ns), time_text(unit.latency_ns[0]), time_text(unit.latency_ns[2]));
  }
  if (s.executions > 0) {
    out += fmt::format(
        "\n  roofline  {:.2f} of {:.2f} TFLOP/s ({:.1f} %), {:.1f} FLOP/B (ridge at {:.1f}: {} "
        "side)\n",
        s.flops_rate * 1e-12, s.peak_flops_rate * 1e-12,
        s.peak_flops_rate > 0 ? 100 * s.flops_rate / s.peak_flops_rate : 0, s.arithmetic_intensity,
        s.ridge_intensity, s.arithmetic_intensity < s.ridge_intensity ? "memory" : "compute");
  }
  out += fmt::format("  bound by  {}\n  look at   {}\n", s.bound_by, s.advice);
  return out;
}

void append_findings(const ClientCheckRecord& record, const std::string& file) {
  const std::string line = json_text(client_checks(record)) + "\n";
  const int fd = open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  const bool written =
      fd >= 0 && write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size());
  if (fd >= 0) {
    close(fd);
  }
  if (!written) {
    throw UserError(fmt::format("cannot write findings to {}: {}", file, std::strerror(errno)));
  }
}

void write_report(const SessionRecord& record, const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) {
    throw UserError(
        fmt::format("cannot create the output directory {}: {}", directory, error.message()));
  }
  const std::filesystem::path base(directory);
  write_file(base / "summary.json", summary_json(record));
  write_file(base / "resolved.toml", record.resolved_config);
}

}  // namespace nsim::rt
