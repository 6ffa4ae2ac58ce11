// SPDX-License-Identifier: Apache-2.0
#include "tools/report/kernel_report.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "tools/numbers.h"
#include "tools/report/source_lines.h"

namespace nsim::tool {
namespace {

using Json = nlohmann::ordered_json;

Json engines_of(const SourceLine& line) {
  Json out = Json::object();
  for (std::size_t i = 0; i < line.engines.size(); ++i) {
    const EngineUse& use = line.engines[i];
    if (use.instructions > 0) {
      out[isa::name(static_cast<isa::Engine>(i))] = {{"busy_ns", nanoseconds(use.busy)},
                                                     {"instructions", use.instructions}};
    }
  }
  return out;
}

Json dma_of(const TransferUse& use) {
  const auto bytes = static_cast<double>(use.bytes);
  return {{"transfers", use.transfers},
          {"bytes", use.bytes},
          {"descriptors", use.descriptors},
          {"bytes_per_descriptor", ratio(bytes, static_cast<double>(use.descriptors))},
          {"moving_ns", nanoseconds(use.moving)},
          {"bytes_per_second", ratio(bytes, nanoseconds(use.moving) * 1e-9)}};
}

Json json_of(const SourceLine& line, const Json& sources) {
  Json out{{"model", line.model}, {"line", line.name}};
  const auto known = sources.find(line.name);
  if (known != sources.end()) {
    out["source"] = known->at("source");
  }
  out["critical_path_ns"] = nanoseconds(line.critical);
  out["under_way_ns"] = nanoseconds(line.under_way);
  Json engines = engines_of(line);
  if (!engines.empty()) {
    out["engines"] = std::move(engines);
  }
  if (line.dma.transfers > 0) {
    out["dma"] = dma_of(line.dma);
  }
  return out;
}

Json memory(const nlohmann::json& summary) {
  Json out = Json::array();
  for (const nlohmann::json& model : summary.at("models")) {
    Json one{{"model", model.at("id")}};
    for (const std::string memory : {"sbuf", "psum"}) {
      for (const char* bytes : {"_peak", "_placed", "_capacity"}) {
        const std::string field = memory + bytes + "_bytes_per_partition";
        one[field] = model.value(field, 0);
      }
    }
    out.push_back(std::move(one));
  }
  return out;
}

Json longest(const CriticalPath& path) {
  constexpr std::size_t kTold = 10;
  Json out = Json::array();
  for (const PathRow& row : rows_by_line(path)) {
    if (out.size() == kTold) {
      break;
    }
    out.push_back(
        {{"line", row.label},
         {"what", row.what},
         {"where", row.where},
         {"waiting_for", row.waits},
         {"time_ns", nanoseconds(row.time)},
         {"times", row.count},
         {"percent_of_request", 100 * ratio(nanoseconds(row.time), nanoseconds(path.time()))},
         {"from_ps", row.longest->from},
         {"to_ps", row.longest->to}});
  }
  return out;
}

/// What the Python package wrote; empty when it did not.
Json read_kernel(const std::string& folder) {
  std::ifstream file(folder + "/kernel.json", std::ios::binary);
  Json kernel = Json::parse(file, nullptr, false);
  return kernel.is_object() ? kernel : Json::object();
}

}  // namespace

Json kernel_report(const std::string& folder, const nlohmann::json& summary,
                   const RunTimeline& timeline, const CriticalPath& path) {
  const std::vector<SourceLine> lines = source_lines(timeline, path);
  if (lines.empty()) {
    return nullptr;
  }
  const Json kernel = read_kernel(folder);
  Json out = Json::object();
  if (kernel.contains("kernel")) {
    out["name"] = kernel.at("kernel");
    out["arguments"] = kernel.value("arguments", Json::object());
    out["grid"] = kernel.value("grid", "");
    out["checks"] = kernel.value("checks", Json::array());
  }
  out["memory"] = memory(summary);
  out["lines"] = Json::array();
  const Json sources = kernel.value("lines", Json::object());
  for (const SourceLine& line : lines) {
    out["lines"].push_back(json_of(line, sources));
  }
  out["longest"] = longest(path);
  return out;
}

}  // namespace nsim::tool
