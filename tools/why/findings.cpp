// SPDX-License-Identifier: Apache-2.0
#include "tools/why/findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "runtime/summary.h"
#include "sim/base/words.h"

namespace nsim::tool {
namespace {

using Json = nlohmann::json;

// Below this a transfer costs mostly latency. NKI DMA bandwidth guide: queues reach their rate with
// packets of 4 KiB.
constexpr double kSmallTransferBytes = 4096;
// What a share of the run's time must reach to be worth a line: assumed.
constexpr double kWorthTelling = 0.01;
// More function tables than one per execution: it goes back and forth.
constexpr double kTablesPerExecution = 1;
// Descriptor generation that takes less of a request is the latency of its first transfers:
// assumed.
constexpr double kLongGeneration = 0.1;
// From here on an HBM stack makes cores wait for each other: assumed.
constexpr double kBusyStack = 0.5;

class Finder {
 public:
  Finder(const Json& summary, const hw::Topology& topology, const CriticalPath& path)
      : summary_(summary.at("summary")),
        all_(summary),
        topology_(topology),
        path_(path),
        executions_(std::max(1.0, number("executions"))),
        active_ns_(std::max(1.0, number("active_time_ns"))) {}

  std::vector<Finding> all() {
    dry_queue();
    small_transfers();
    small_descriptors();
    descriptor_generation();
    throttled();
    table_loads();
    weights();
    bank_conflicts();
    spills();
    shared_stacks();
    return std::move(found_);
  }

 private:
  double number(const std::string& field) const { return summary_.value(field, 0.0); }

  double statistic(const std::string& name) const {
    const auto found = all_.at("statistics").find(name);
    return found == all_.at("statistics").end() ? 0 : found->at("value").get<double>();
  }

  /// Sum over all cores: "scalar.table_loads".
  double sum_of(const std::string& name) const {
    double total = 0;
    for (int device = 0; device < topology_.devices; ++device) {
      for (int core = 0; core < topology_.cores_per_device; ++core) {
        total += statistic(fmt::format("nd{}.nc{}.{}", device, core, name));
      }
    }
    return total;
  }

  /// With the longest segment of these kinds as its place, else `track`.
  void add(const std::string& name, const std::string& text, const std::string& track,
           const std::set<std::string>& kinds, const std::string& where = "") {
    Finding finding{name, text, track, 0, 0, ""};
    SimTime longest = 0;
    for (const CriticalSegment& segment : path_.segments) {
      if (kinds.count(segment.kind) != 0 && segment.to - segment.from > longest &&
          segment.where.compare(0, where.size(), where) == 0) {
        longest = segment.to - segment.from;
        finding.track = segment.where;
        finding.from = segment.from;
        finding.to = segment.to;
        finding.label = segment.label;
      }
    }
    found_.push_back(finding);
  }

  void dry_queue() {
    std::map<std::string, std::pair<SimTime, SimTime>> widest;  // by unit
    std::map<std::string, SimTime> ended;
    for (const Json& request : all_.at("requests")) {
      const std::string unit = request.at("unit");
      const SimTime started = request.at("started_ps");
      auto [gap, first] = widest.try_emplace(unit, 0, 0);
      if (ended.count(unit) != 0 &&
          started - ended[unit] > gap->second.second - gap->second.first) {
        gap->second = {ended[unit], started};
      }
      ended[unit] = request.at("ended_ps");
    }
    for (const auto& [unit, fields] : all_.at("units").items()) {
      const double gaps = fields.at("gap_ns");
      const double span = gaps + fields.at("busy_ns").get<double>();
      if (unit.find(".compute.") != std::string::npos && gaps > kWorthTelling * span) {
        found_.push_back(
            {"queue_ran_dry",
             fmt::format("{} had nothing to do for {} ({:.1f} % of its time) between requests: "
                         "keep 2-3 requests in flight",
                         unit, time_text(gaps), 100 * gaps / span),
             "neuron_hw " + unit, widest[unit].first, widest[unit].second, ""});
      }
    }
  }

  void small_transfers() {
    for (const auto& [queue, fields] : all_.at("queues").items()) {
      const double transfers = fields.at("transfers");
      const double mean = fields.at("bytes").get<double>() / std::max(1.0, transfers);
      if (mean < kSmallTransferBytes) {
        add("small_transfers",
            fmt::format("{} moved {:.0f} transfers of {:.0f} B on average ({} each, mostly "
                        "latency): combine them to {} B or more",
                        queue, transfers, mean,
                        time_text(fields.at("latency_ns").get<double>() / std::max(1.0, transfers)),
                        kSmallTransferBytes),
            queue, {"descriptors", "dma_queue", "dma_move", "dma_finish"}, queue);
      }
    }
  }

  void small_descriptors() {
    const double mean = number("dma_transfer_average_bytes");
    const double busy = number("dma_active_time_percent");
    if (mean > 0 && mean < rt::kSmallDescriptorBytes && busy > 100 * kWorthTelling) {
      add("small_descriptors",
          fmt::format("DMA descriptors move {:.0f} B on average (best from {:.0f} B on); their "
                      "engines are busy {:.1f} % of the time: longer contiguous rows",
                      mean, rt::kSmallDescriptorBytes, busy),
          "DMA queues", {"dma_move", "descriptors"});
    }
  }

  /// Of the queue whose descriptors the request waits for longest.
  void descriptor_generation() {
    std::map<std::string, SimTime> waited;
    for (const CriticalSegment& segment : path_.segments) {
      if (segment.kind == "descriptors") {
        waited[segment.where] += segment.to - segment.from;
      }
    }
    const auto longest =
        std::max_element(waited.begin(), waited.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    const auto request = static_cast<double>(path_.time());
    if (longest != waited.end() &&
        static_cast<double>(longest->second) > kLongGeneration * request) {
      add("descriptor_generation",
          fmt::format(
              "the request waits {:.1f} % of its time until the descriptors of {} are made, "
              "of one transfer at a time: fewer and larger transfers, some of them on other "
              "queues, or descriptors that are made beforehand (dge_mode none)",
              100 * static_cast<double>(longest->second) / request, longest->first),
          longest->first, {"descriptors"}, longest->first);
    }
  }

  void throttled() {
    const double share =
        all_.at("/engines/tensor/slow_percent"_json_pointer).value("throttle", 0.0);
    if (share > 100 * kWorthTelling) {
      add("tensor_throttled",
          fmt::format("the utilisation limit of the Tensor engine costs {:.1f} % of the time: keep "
                      "it in use, without gaps between its instructions",
                      share),
          "Tensor", {"throttle"});
    }
  }

  void table_loads() {
    const double loads = sum_of("scalar.table_loads");
    const double cores = std::max(1.0, number("active_cores"));
    const double share = sum_of("scalar.slow_table_load") / active_ns_;
    if (loads > kTablesPerExecution * executions_ * cores && share > kWorthTelling) {
      add("table_loads",
          fmt::format("Scalar loads function tables {:.1f} times per request and core ({:.1f} % of "
                      "the time): group activations by function",
                      loads / executions_ / cores, 100 * share),
          "Scalar", {"table"});
    }
  }

  void weights() {
    const double share = sum_of("tensor.exposed_weight_load") / active_ns_;
    if (share > kWorthTelling) {
      add("exposed_weight_loads",
          fmt::format("Tensor loads weights for {:.1f} % of the time while its array is idle: more "
                      "rows per weight, or weights that are used again",
                      100 * share),
          "Tensor", {"weights"});
    }
  }

  void bank_conflicts() {
    const double collisions = sum_of("psum.bank_collisions");
    double waited = 0;
    for (const char* engine : {"vector", "scalar"}) {
      waited += sum_of(fmt::format("{}.idle_port", engine));
    }
    if (collisions > 0 && waited > kWorthTelling * active_ns_) {
      add("psum_bank_conflicts",
          fmt::format("Vector and Scalar met in PSUM {:.0f} times and waited {:.1f} % of the time: "
                      "let them work on different banks at a time",
                      collisions, 100 * waited / active_ns_),
          "Vector wait", {"bank"});
    }
  }

  void spills() {
    const double bytes = number("spill_save_bytes");
    if (bytes > 0) {
      add("spills",
          fmt::format("{:.1f} MB of intermediate results are spilled to HBM: smaller tiles, or "
                      "fewer at a time",
                      bytes * 1e-6),
          "DMA queues", {});
    }
  }

  void shared_stacks() {
    std::map<int, std::set<int>> cores;  // of each stack, that executed something
    for (const Json& request : all_.at("requests")) {
      const std::string unit = request.at("unit");
      if (unit.find(".compute.") != std::string::npos) {
        const int core = std::stoi(unit.substr(2));
        cores[topology_.hbm_of_core.at(static_cast<std::size_t>(core))].insert(core);
      }
    }
    for (const auto& [stack, users] : cores) {
      const hw::HbmRegion& region = topology_.hbm[static_cast<std::size_t>(stack)];
      const std::string name = fmt::format("nd{}.hbm{}", region.device, region.stack);
      const double busy = statistic(name + ".busy") / std::max(1.0, number("total_time"));
      if (users.size() > 1 && busy > kBusyStack) {
        add("shared_hbm_stack",
            fmt::format("{} logical cores share {}, which is busy {:.1f} % of the time; accesses "
                        "waited {} for it: spread them over stacks",
                        users.size(), name, 100 * busy, time_text(statistic(name + ".waited"))),
            "DMA queues", {"dma_memory"});
      }
    }
  }

  const Json& summary_;
  const Json& all_;
  const hw::Topology& topology_;
  const CriticalPath& path_;
  const double executions_;
  const double active_ns_;
  std::vector<Finding> found_;
};

}  // namespace

std::vector<Finding> find_causes(const nlohmann::json& summary, const hw::Topology& topology,
                                 const CriticalPath& path) {
  return Finder(summary, topology, path).all();
}

nlohmann::ordered_json json_of(const Finding& finding) {
  return {{"name", finding.name},    {"text", finding.text}, {"track", finding.track},
          {"from_ps", finding.from}, {"to_ps", finding.to},  {"line", finding.label}};
}

}  // namespace nsim::tool
