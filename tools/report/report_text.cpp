// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "sim/base/words.h"
#include "sim/isa/program.h"
#include "tools/numbers.h"
#include "tools/report/run_report.h"

namespace nsim::tool {
namespace {

using Json = nlohmann::ordered_json;

std::string head(const Json& report) {
  const Json& about = report.at("metadata");
  return fmt::format("{}\n  {} ({}), simulated: {}, {}, LNC {}, clock {}, numerics {}\n\n",
                     report.at("folder").get<std::string>(),
                     about.at("instance").get<std::string>(), about.at("target").get<std::string>(),
                     counted(about.at("devices").get<std::int64_t>(), "device"),
                     counted(about.at("logical_cores").get<std::int64_t>(), "logical core"),
                     about.at("lnc").get<int>(), about.at("clock").get<std::string>(),
                     about.at("numerics").get<bool>() ? "on" : "off");
}

std::string metrics(const Json& run) {
  return fmt::format(
      "Metrics\n"
      "  total time            {:>14}\n"
      "  time per request      {:>14}   {}, {:.1f} per second\n"
      "  arithmetic intensity  {:>9.1f} FLOP/B   ridge at {:.1f}\n"
      "  HFU                   {:>12.1f} %   {:.2f} of {:.2f} TFLOP/s\n"
      "  MBU                   {:>12.1f} %\n"
      "  mean DMA descriptor   {:>12.0f} B\n"
      "  bound by              {}\n"
      "  look at               {}\n\n",
      time_text(number(run, "total_time")), time_text(number(run, "time_per_request_ns")),
      counted(static_cast<std::int64_t>(number(run, "executions")), "request"),
      number(run, "throughput_per_second"), number(run, "arithmetic_intensity"),
      number(run, "ridge_arithmetic_intensity"), number(run, "hfu_estimated_percent"),
      number(run, "flops_per_second") * 1e-12, number(run, "peak_flops_per_second") * 1e-12,
      number(run, "mbu_estimated_percent"), number(run, "dma_transfer_average_bytes"),
      run.at("bound_by").get<std::string>(), run.at("advice").get<std::string>());
}

/// "dma 41.0, vector 3.2": the largest first, what is below half a percent left out.
std::string causes(const Json& percents) {
  std::vector<std::pair<double, std::string>> sorted;
  for (const auto& [cause, percent] : percents.items()) {
    if (percent.get<double>() >= 0.5) {
      sorted.emplace_back(percent.get<double>(), cause);
    }
  }
  std::sort(sorted.rbegin(), sorted.rend());
  std::string text;
  for (const auto& [percent, cause] : sorted) {
    text += fmt::format("{}{} {:.1f}", text.empty() ? "" : ", ", cause, percent);
  }
  return text;
}

std::string dma(const Json& report) {
  std::string out = fmt::format("DMA ({:.1f} % of the engines' time)\n",
                                number(report.at("summary"), "dma_active_time_percent"));
  for (const auto& [name, queue] : report.at("dma").at("queues").items()) {
    const double transfers = number(queue, "transfers");
    out += fmt::format("  {:<20} {:>9.0f} transfers {:>12.1f} MB   mean latency {:>12}\n", name,
                       transfers, number(queue, "bytes") * 1e-6,
                       time_text(ratio(number(queue, "latency_ns"), transfers)));
  }
  return out + "\n";
}

std::string bandwidth(const Json& report) {
  const Json& of = report.at("bandwidth");
  const double peak = number(of, "peak_bytes");
  std::string out = "HBM while programs ran (percent of its peak)\n";
  for (const auto& [name, field] :
       {std::pair("read", "read_bytes"), std::pair("written", "write_bytes"),
        std::pair("of it spills", "spill_save_bytes"), std::pair("unused", "unused_bytes")}) {
    out += fmt::format("  {:<20} {:>12.1f} MB {:>6.1f} %\n", name, number(of, field) * 1e-6,
                       100 * ratio(number(of, field), peak));
  }
  return out + "\n";
}

/// The slowest; without traces the largest.
std::string operators(const Json& report) {
  constexpr std::size_t kShown = 20;
  std::vector<const Json*> rows;
  for (const Json& one : report.at("roofline").at("operators")) {
    rows.push_back(&one);
  }
  std::stable_sort(rows.begin(), rows.end(), [](const Json* a, const Json* b) {
    return std::pair(number(*a, "time_ns"), number(*a, "matmul_flops")) >
           std::pair(number(*b, "time_ns"), number(*b, "matmul_flops"));
  });
  std::string out = fmt::format("Operators\n  {:<24} {:>12} {:>12} {:>10} {:>10} {:>12}\n", "name",
                                "time", "GFLOP", "HBM MB", "FLOP/B", "TFLOP/s");
  for (std::size_t i = 0; i < rows.size() && i < kShown; ++i) {
    const Json& one = *rows[i];
    const std::string name = one.at("name");
    out += fmt::format(
        "  {:<24} {:>12} {:>12.3f} {:>10.2f} {:>10.1f} {:>12.3f}\n", name.empty() ? "-" : name,
        one.contains("time_ns") ? time_text(number(one, "time_ns")) : "no trace",
        number(one, "matmul_flops") * 1e-9,
        (number(one, "hbm_read_bytes") + number(one, "hbm_write_bytes")) * 1e-6,
        number(one, "arithmetic_intensity"), number(one, "flops_per_second") * 1e-12);
  }
  if (rows.size() > kShown) {
    out += fmt::format("  ... and {} more\n", rows.size() - kShown);
  }
  return out + "\n";
}

std::string requests(const Json& report) {
  std::string out = fmt::format("Requests\n  {:<22} {:>8} {:>7} {:>12} {:>12} {:>12} {:>12}\n",
                                "unit", "done", "failed", "p50", "p90", "p99", "gaps");
  for (const auto& [name, unit] : report.at("units").items()) {
    const Json& latency = unit.at("latency_ns");
    out +=
        fmt::format("  {:<22} {:>8} {:>7} {:>12} {:>12} {:>12} {:>12}\n", name,
                    unit.at("requests").get<std::int64_t>(), unit.at("failed").get<std::int64_t>(),
                    time_text(number(latency, "p50")), time_text(number(latency, "p90")),
                    time_text(number(latency, "p99")), time_text(number(unit, "gap_ns")));
  }
  return out + "\n";
}

std::string findings(const Json& report) {
  std::string out;
  for (const Json& one : report.at("findings")) {
    out += fmt::format("  - {} (look at {})\n", one.at("text").get<std::string>(),
                       one.at("track").get<std::string>());
  }
  return out.empty() ? out : "Findings\n" + out + "\n";
}

std::string configuration(const Json& report) {
  const Json& of = report.at("configuration");
  const std::string product = of.at("product");
  if (product.empty()) {
    return "Configuration: no shipped one is of this instance\n";
  }
  std::string out = fmt::format("Configuration: what differs from {}\n", product);
  for (const Json& one : of.at("differences")) {
    out += fmt::format("  {:<40} {} instead of {}\n", one.at("path").get<std::string>(),
                       one.at("run").get<std::string>(), one.at("product").get<std::string>());
  }
  return of.at("differences").empty() ? out + "  nothing\n" : out;
}

}  // namespace

std::string engines_text(const Json& report) {
  std::string out = "Engines (percent of the time of the cores that ran)\n";
  out += fmt::format("  {:<8} {:>6} {:>7} {:>13}  idle: waiting for\n", "", "busy", "active",
                     "instructions");
  for (int i = 0; i < isa::kEngineCount; ++i) {
    const char* name = isa::name(static_cast<isa::Engine>(i));
    const Json& engine = report.at("engines").at(name);
    const std::string slow = causes(engine.at("slow_percent"));
    out += fmt::format(
        "  {:<8} {:>6.1f} {:>7.1f} {:>13}  {}{}\n", name, number(engine, "busy_percent"),
        number(engine, "active_percent"), engine.at("instructions").get<std::int64_t>(),
        causes(engine.at("idle_percent")), slow.empty() ? "" : "; slowed by: " + slow);
  }
  return out + "\n";
}

std::string report_text(const Json& report) {
  return head(report) + metrics(report.at("summary")) + findings(report) + engines_text(report) +
         dma(report) + bandwidth(report) + operators(report) + requests(report) +
         configuration(report);
}

}  // namespace nsim::tool
