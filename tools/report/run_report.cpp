// SPDX-License-Identifier: Apache-2.0
#include "tools/report/run_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "runtime/status.h"
#include "sim/base/error.h"
#include "tools/device.h"
#include "tools/numbers.h"
#include "tools/report/configuration.h"
#include "tools/report/kernel_report.h"
#include "tools/run_record.h"
#include "tools/why/findings.h"

namespace nsim::tool {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kWork[] = {"matmul_flops",    "elementwise_ops", "hbm_read_bytes",
                                 "hbm_write_bytes", "instructions",    "dma_transfers"};

/// Successful executions by model.
std::map<std::uint32_t, double> executions(const nlohmann::json& summary) {
  std::map<std::uint32_t, double> count;
  for (const nlohmann::json& request : summary.at("requests")) {
    const std::string unit = request.at("unit");
    if (unit.find(".compute.") != std::string::npos && request.at("status") == 0) {
      ++count[request.at("model_id")];
    }
  }
  return count;
}

Json bandwidth(const nlohmann::json& summary) {
  const auto runs = executions(summary);
  double read = 0;
  double written = 0;
  for (const nlohmann::json& model : summary.at("models")) {
    const auto found = runs.find(model.at("id"));
    const double times = found == runs.end() ? 0 : found->second;
    read += times * model.at("hbm_read_bytes").get<double>();
    written += times * model.at("hbm_write_bytes").get<double>();
  }
  const double used = summary.at("summary").at("mbu_estimated_percent").get<double>() / 100;
  const double peak = used > 0 ? (read + written) / used : 0;
  return {{"read_bytes", read},
          {"write_bytes", written},
          {"spill_save_bytes", summary.at("summary").at("spill_save_bytes")},
          {"unused_bytes", std::max(0.0, peak - read - written)},
          {"peak_bytes", peak}};
}

Json one_operator(const nlohmann::json& work, std::uint32_t model, double times) {
  Json out{{"model", model}, {"name", work.at("name")}, {"executions", times}};
  for (const char* field : kWork) {
    out[field] = times * work.at(field).get<double>();
  }
  const double bytes = out["hbm_read_bytes"].get<double>() + out["hbm_write_bytes"].get<double>();
  out["arithmetic_intensity"] = ratio(out["matmul_flops"], bytes);
  return out;
}

Json operators(const nlohmann::json& summary, const RunTimeline& timeline) {
  const auto runs = executions(summary);
  std::map<std::pair<std::uint32_t, std::string>, SimTime> times;
  const std::vector<SimTime> by_label = operator_times(timeline);
  for (std::size_t i = 0; i < by_label.size(); ++i) {
    times[{timeline.labels[i].model, timeline.labels[i].name}] = by_label[i];
  }
  Json out = Json::array();
  for (const nlohmann::json& model : summary.at("models")) {
    const std::uint32_t id = model.at("id");
    const auto found = runs.find(id);
    for (const nlohmann::json& work : model.value("operators", nlohmann::json::array())) {
      Json one = one_operator(work, id, found == runs.end() ? 0 : found->second);
      const auto time = times.find({id, work.at("name")});
      if (time != times.end()) {
        const double ns = nanoseconds(time->second);
        one["time_ns"] = ns;
        one["flops_per_second"] = ratio(one["matmul_flops"], ns * 1e-9);
      }
      out.push_back(std::move(one));
    }
  }
  return out;
}

Json roofline(const nlohmann::json& summary, const RunTimeline& timeline) {
  const nlohmann::json& run = summary.at("summary");
  const double peak = run.at("peak_flops_per_second");
  return {{"peak_flops_per_second", peak},
          {"peak_bytes_per_second", ratio(peak, run.at("ridge_arithmetic_intensity"))},
          {"operators", operators(summary, timeline)}};
}

/// "nd0.nc1.dma.engine3.busy" of cores that ran something.
Json dma_engines(const nlohmann::json& statistics) {
  const auto value = [&](const std::string& name) {
    const auto found = statistics.find(name);
    return found == statistics.end() ? 0.0 : found->at("value").get<double>();
  };
  Json out = Json::array();
  for (const auto& [name, stat] : statistics.items()) {
    const std::size_t dma = name.find(".dma.");
    const std::size_t last = name.rfind(".busy");
    if (dma == std::string::npos || last == std::string::npos || last + 5 != name.size()) {
      continue;
    }
    const std::string engine = name.substr(dma + 5, last - dma - 5);
    const double active = value(name.substr(0, dma) + ".active");
    if (active > 0 && (engine.rfind("engine", 0) == 0 || engine == "gpsimd")) {
      out.push_back({{"name", name.substr(0, dma + 5) + engine},
                     {"busy_percent", 100 * ratio(stat.at("value"), active)},
                     {"bytes", value(name.substr(0, dma + 5) + engine + ".bytes")}});
    }
  }
  const auto place = [](const Json& engine) {  // engine2 before engine10
    const std::string name = engine.at("name");
    return std::pair(name.substr(0, name.rfind('.')), std::pair(name.size(), name));
  };
  std::sort(out.begin(), out.end(),
            [&](const Json& a, const Json& b) { return place(a) < place(b); });
  return out;
}

Json configuration(const std::string& folder) {
  const ConfigComparison comparison = compare_with_product(folder);
  Json differences = Json::array();
  for (const ConfigDifference& one : comparison.differences) {
    differences.push_back({{"path", one.path},
                           {"product", one.product},
                           {"run", one.run},
                           {"source", one.product_source}});
  }
  return {{"product", comparison.product}, {"differences", std::move(differences)}};
}

/// Of the last request, when the run recorded it.
Json critical_path(const CriticalPath& path) {
  Json rows = Json::array();
  for (const PathRow& row : rows_of(path)) {
    rows.push_back({{"what", row.what},
                    {"where", row.where},
                    {"waiting_for", row.waits},
                    {"time_ns", nanoseconds(row.time)},
                    {"times", row.count},
                    {"from_ps", row.longest->from},
                    {"to_ps", row.longest->to}});
  }
  return {{"unit", path.unit},
          {"sequence", path.sequence},
          {"time_ns", nanoseconds(path.time())},
          {"rows", std::move(rows)}};
}

Json findings(const std::string& folder, const nlohmann::json& summary, const CriticalPath& path) {
  Json out = Json::array();
  if (!std::filesystem::exists(folder + "/resolved.toml")) {
    return out;
  }
  const Device device = open_device(folder + "/resolved.toml", {});
  for (const Finding& one : find_causes(summary, hw::Hardware::topology_of(*device.params), path)) {
    out.push_back(json_of(one));
  }
  return out;
}

Json outcome(const std::string& folder) {
  const std::optional<RunOutcome> read = read_outcome(folder);
  if (!read) {
    return nullptr;
  }
  return {{"arguments", read->arguments},
          {"build", read->build},
          {"exit_status", read->exit_status},
          {"error", read->error}};
}

/// With the names of what failed.
Json requests(const nlohmann::json& summary) {
  Json out = summary.at("requests");
  for (Json& request : out) {
    const int status = request.at("status");
    if (status != NRT_SUCCESS) {
      request["error"] = rt::status_name(static_cast<NRT_STATUS>(status));
    }
  }
  return out;
}

}  // namespace

RunTimeline read_timeline(const std::string& folder, const nlohmann::json& summary) {
  std::vector<ModelPlace> places;
  for (const nlohmann::json& model : summary.value("models", nlohmann::json::array())) {
    places.push_back({model.at("id"), model.at("logical_core")});
  }
  return read_timeline(folder, places);
}

Json run_report(const std::string& folder, const nlohmann::json& summary,
                const RunTimeline& timeline) {
  try {
    Json report{{"folder", folder}, {"metadata", summary.at("metadata")}};
    const Json run = outcome(folder);
    if (!run.is_null()) {
      report["run"] = run;
    }
    report["summary"] = summary.at("summary");
    const CriticalPath path =
        has_critical_path(folder) ? read_critical_path(folder, 0) : CriticalPath();
    report["findings"] = findings(folder, summary, path);
    report["kernel"] = kernel_report(folder, summary, timeline, path);
    if (!path.segments.empty()) {
      report["critical_path"] = critical_path(path);
    }
    report["engines"] = summary.at("engines");
    report["dma"] = {{"queues", summary.value("queues", nlohmann::json::object())},
                     {"engines", dma_engines(summary.at("statistics"))}};
    report["bandwidth"] = bandwidth(summary);
    report["roofline"] = roofline(summary, timeline);
    report["units"] = summary.at("units");
    report["requests"] = requests(summary);
    report["hbm_levels"] = summary.value("hbm_usage", nlohmann::json::array());
    report["configuration"] = configuration(folder);
    report["client_checks"] = summary.at("client_checks");
    const auto memory = nlohmann::json::json_pointer("/counters/memory_usage/device_mem");
    report["hbm_usage"] = summary.contains(memory) ? summary.at(memory) : nlohmann::json::object();
    return report;
  } catch (const nlohmann::json::exception& error) {
    throw UserError(
        fmt::format("{}/summary.json is of another version or damaged: {}", folder, error.what()));
  }
}

}  // namespace nsim::tool
