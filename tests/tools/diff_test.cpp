// SPDX-License-Identifier: Apache-2.0
// nsim diff: what changed between two results.
#include <catch2/catch.hpp>

#include "tests/tools/nsim_process.h"

using namespace nsim::test;

namespace {

/// Runs a model on trn2 and returns where its results are.
std::string result_of(const ScratchFolder& scratch, const std::string& name,
                      const std::string& options) {
  const std::string out = scratch / name;
  const Outcome outcome =
      shell("%N run %S/models/bert_base_layer.toml --config trn2 --numerics off --no-trace -q " +
            options + " --out " + out);
  INFO(outcome.text);
  REQUIRE(outcome.exit_code == 0);
  return out;
}

nlohmann::json diff(const std::string& a, const std::string& b) {
  return nlohmann::json::parse(shell("%N diff " + a + " " + b + " --format json").text);
}

}  // namespace

TEST_CASE("the engine and instruction whose cost changed come first") {
  const ScratchFolder scratch;
  const std::string before = result_of(scratch, "before", "");
  struct Change {
    const char* set;
    const char* first;
  };
  for (const Change& change :
       {Change{"neuron_core.engines.tensor.latency=2000", "tensor nc_matmul: "},
        Change{"neuron_core.engines.scalar.table_load=60us", "scalar act_table_load: "},
        Change{"neuron_core.engines.scalar.latency=2000", "scalar "},
        Change{"neuron_core.engines.vector.access_setup=300", "vector "},
        Change{"dma_engine.descriptor_overhead=100ns", "dma q"}}) {
    INFO(change.set);
    const auto json = diff(before, result_of(scratch, "after", std::string("--set ") + change.set));
    REQUIRE(json["entries"].size() == 1);
    const std::string first = json["entries"][0]["work"][0]["what"];
    INFO(json["entries"][0]["work"].dump(1));
    CHECK(first.compare(0, std::string(change.first).size(), change.first) == 0);
    CHECK(json["within_tolerance"] == false);
  }
}

TEST_CASE("nsim diff exits with 0 within its tolerance, 1 outside it and 2 for wrong input") {
  const ScratchFolder scratch;
  const std::string a = result_of(scratch, "a", "");
  const std::string b = result_of(scratch, "b", "--set hbm.latency=151ns");
  CHECK(shell("%N diff " + a + " " + a).exit_code == 0);
  CHECK(shell("%N diff " + a + " " + b).exit_code == 1);
  CHECK(shell("%N diff " + a + " " + b + " --tolerance 0.5").exit_code == 0);
  CHECK(shell("%N diff " + a + "/summary.json " + b).exit_code == 1);
  CHECK(shell("%N diff " + a + " " + b + " --tolerance -1").exit_code == 2);
  CHECK(shell("%N diff " + a + " " + (scratch / "nothing")).exit_code == 2);
  CHECK(shell("%N diff " + a + " %S/tests/golden/times.json").exit_code == 2);
  const std::string broken = scratch.write("broken.json", "{\"x\": ");
  const Outcome wrong = shell("%N diff " + a + " " + broken);
  CHECK(wrong.exit_code == 2);
  CHECK(wrong.text.find("broken.json is no JSON") != std::string::npos);
}

TEST_CASE("golden files are compared entry by entry, in their units") {
  const ScratchFolder scratch;
  const std::string a = scratch.write("a.json", R"({"x trn1": {"request_ps": 2000000}})");
  const std::string b = scratch.write("b.json", R"({"x trn1": {"request_ps": 2100000}})");
  const Outcome outcome = shell("%N diff " + a + " " + b);
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.text.find("time of a request: 2.000 us -> 2.100 us (+5.00 %)") !=
        std::string::npos);
}

TEST_CASE("two sweeps are compared point by point") {
  const ScratchFolder scratch;
  for (const std::string name : {"a", "b"}) {
    const std::string file = scratch.write(
        name + ".toml",
        std::string("config = \"trn2\"\nprogram = \"") + NSIM_SOURCE_DIR +
            "/models/mini_lm.toml\"\nset = [\"hbm.latency=" + (name == "a" ? "150" : "250") +
            "ns\"]\n[axes]\ndevice.dma_engines = [8, 16" + (name == "a" ? "" : ", 32") + "]\n");
    REQUIRE(shell("%N sweep " + file + " -q -j2 --out " + (scratch / name)).exit_code == 0);
  }
  const auto json = diff(scratch / "a", scratch / "b");
  CHECK(json["compared"] == 2);
  CHECK(json["entries"].size() == 2);
  CHECK(json["only_after"][0] == "device.dma_engines=32");
  CHECK(json["entries"][0]["work"][0]["what"].get<std::string>().find("dma q") == 0);
}
