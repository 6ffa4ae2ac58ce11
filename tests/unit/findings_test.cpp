// SPDX-License-Identifier: Apache-2.0
#include "tools/why/findings.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace nsim;
using namespace nsim::tool;

namespace {

hw::Topology topology() {
  hw::Topology made;
  made.devices = 1;
  made.cores_per_device = 2;
  made.logical_cores = 2;
  made.hbm.resize(1);
  made.hbm_of_core = {0, 0};
  return made;
}

/// A run in which nothing is wrong.
nlohmann::json healthy() {
  return nlohmann::json::parse(R"({
    "summary": {"executions": 2, "active_time_ns": 1000, "active_cores": 1, "total_time": 1000,
                "dma_transfer_average_bytes": 8192, "dma_active_time_percent": 50,
                "spill_save_bytes": 0},
    "engines": {"tensor": {"slow_percent": {"throttle": 0}}},
    "units": {"nc0.compute.q0": {"gap_ns": 0, "busy_ns": 1000}},
    "queues": {"qSyncIO0": {"transfers": 4, "bytes": 65536, "latency_ns": 8000}},
    "requests": [{"unit": "nc0.compute.q0", "started_ps": 0, "ended_ps": 500000},
                 {"unit": "nc0.compute.q0", "started_ps": 500000, "ended_ps": 1000000}],
    "statistics": {}})");
}

std::vector<Finding> find(const nlohmann::json& summary, const CriticalPath& path = {}) {
  return find_causes(summary, topology(), path);
}

}  // namespace

TEST_CASE("a healthy run has no finding") {
  CHECK(find(healthy()).empty());
}

TEST_CASE("each cause is found alone, with its numbers") {
  struct Row {
    const char* patch;
    const char* name;
    const char* part;
  };
  for (const Row& row : std::initializer_list<Row>{
           {R"({"queues": {"qSyncIO0": {"bytes": 4096}}})", "small_transfers",
            "qSyncIO0 moved 4 transfers of 1024 B on average (2.000 us each"},
           {R"({"summary": {"dma_transfer_average_bytes": 512}})", "small_descriptors",
            "move 512 B on average"},
           {R"({"engines": {"tensor": {"slow_percent": {"throttle": 7}}}})", "tensor_throttled",
            "costs 7.0 % of the time"},
           {R"({"statistics": {"nd0.nc0.scalar.table_loads": {"value": 8},
                               "nd0.nc0.scalar.slow_table_load": {"value": 100}}})",
            "table_loads", "4.0 times per request and core (10.0 % of the time)"},
           {R"({"statistics": {"nd0.nc1.tensor.exposed_weight_load": {"value": 50}}})",
            "exposed_weight_loads", "for 5.0 % of the time"},
           {R"({"statistics": {"nd0.nc0.psum.bank_collisions": {"value": 3},
                               "nd0.nc0.vector.idle_port": {"value": 40}}})",
            "psum_bank_conflicts", "met in PSUM 3 times and waited 4.0 %"},
           {R"({"summary": {"spill_save_bytes": 2500000}})", "spills", "2.5 MB"}}) {
    nlohmann::json summary = healthy();
    summary.merge_patch(nlohmann::json::parse(row.patch));
    const std::vector<Finding> found = find(summary);
    REQUIRE(found.size() == 1);
    CHECK(found[0].name == row.name);
    INFO(found[0].text);
    CHECK(found[0].text.find(row.part) != std::string::npos);
  }
}

TEST_CASE("a dry queue is shown at its widest gap, another cause at its longest segment") {
  nlohmann::json summary = healthy();
  summary["units"]["nc0.compute.q0"]["gap_ns"] = 100;
  summary["requests"][1]["started_ps"] = 600000;
  summary["engines"]["tensor"]["slow_percent"]["throttle"] = 7;
  CriticalPath path;
  path.segments = {{10, 20, "throttle", "nc_matmul", "Tensor(nc0)", "", 0, ""},
                   {30, 50, "throttle", "nc_matmul", "Tensor(nc1)", "", 0, ""}};
  const std::vector<Finding> found = find(summary, path);
  REQUIRE(found.size() == 2);
  CHECK(found[0].name == "queue_ran_dry");
  CHECK(found[0].from == 500000);
  CHECK(found[0].to == 600000);
  CHECK(found[1].track == "Tensor(nc1)");
  CHECK(found[1].from == 30);
}

TEST_CASE("small descriptors are shown where they cost most, be it that they are made there") {
  nlohmann::json summary = healthy();
  summary["summary"]["dma_transfer_average_bytes"] = 512;
  CriticalPath path;
  path.completed = 1000;
  path.segments = {{10, 60, "descriptors", "dma_copy", "qSyncIO0(nc0)", "", 0, "k.py:28"},
                   {60, 70, "dma_move", "dma_copy", "qScalarIO0(nc0)", "", 0, "k.py:34"}};
  const std::vector<Finding> found = find(summary, path);
  REQUIRE(found.size() == 1);
  CHECK(found[0].label == "k.py:28");
}

TEST_CASE("descriptors that are made for a tenth of the request are told with their queue") {
  CriticalPath path;
  path.completed = 1000;
  path.segments = {{0, 90, "descriptors", "dma_copy", "qSyncIO0(nc0)", "", 0, "k.py:28"},
                   {90, 150, "descriptors", "dma_copy", "qScalarIO0(nc0)", "", 0, "k.py:34"}};
  CHECK(find(healthy(), path).empty());
  path.segments.push_back(
      {150, 310, "descriptors", "dma_copy", "qSyncIO0(nc0)", "", 0, "k.py:29"});
  const std::vector<Finding> found = find(healthy(), path);
  REQUIRE(found.size() == 1);
  CHECK(found[0].name == "descriptor_generation");
  CHECK(found[0].text.find("waits 25.0 % of its time until the descriptors of qSyncIO0(nc0)") !=
        std::string::npos);
  CHECK(found[0].label == "k.py:29");
}

TEST_CASE("cores that share a busy stack are told, one core alone is not") {
  nlohmann::json summary = healthy();
  summary["statistics"]["nd0.hbm0.busy"] = {{"value", 800}};
  CHECK(find(summary).empty());
  summary["requests"].push_back(
      {{"unit", "nc1.compute.q0"}, {"started_ps", 0}, {"ended_ps", 1000}});
  const std::vector<Finding> found = find(summary);
  REQUIRE(found.size() == 1);
  CHECK(found[0].name == "shared_hbm_stack");
  CHECK(found[0].text.find("2 logical cores share nd0.hbm0, which is busy 80.0 %") == 0);
}
