// SPDX-License-Identifier: Apache-2.0
// Simulated against published times: all rows, the order of the kernels, and what changes of the
// device do to them.
#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/tools/nsim_process.h"

using namespace nsim::test;

namespace {

struct Validation {
  int exit_code = 0;
  std::string text;
  nlohmann::json json;

  explicit Validation(const std::string& options) {
    const ScratchFolder scratch;
    const Outcome outcome = shell("%N validate " + options + " --out " + (scratch / "v"));
    exit_code = outcome.exit_code;
    text = outcome.text;
    INFO(text);
    REQUIRE(exit_code != 2);
    std::ifstream(scratch / "v/validation.json") >> json;
    REQUIRE(contents(scratch / "v/validation.html").find("</html>") != std::string::npos);
  }

  double simulated(const std::string& id) const {
    for (const auto& row : json["rows"]) {
      if (row["id"] == id) {
        return row.at("simulated");
      }
    }
    FAIL("no row " << id);
    return 0;
  }
};

}  // namespace

TEST_CASE("Published times are met: every row, and on the whole") {
  const Validation all("");
  INFO(all.text);
  CHECK(all.exit_code == 0);
  const auto& check = all.json["totals"]["check"];
  CHECK(check["rows"] > all.json["totals"]["fitted"]["rows"]);
  CHECK(check["median"] <= 0.05);
  CHECK(check["mean"] <= 0.10);
  for (const auto& row : all.json["rows"]) {
    if (row["kind"] == "kernel" && row["confidence"] == "measured" && row.contains("error")) {
      INFO(row["id"]);
      CHECK(std::abs(row["error"].get<double>()) <= 0.15);
    }
  }
}

TEST_CASE("Better kernels are faster, and bound by what the profiles say") {
  const Validation v("--rows A --rows B --rows C");
  CHECK(v.simulated("A1") > v.simulated("A3"));
  CHECK(v.simulated("A3") > v.simulated("A4"));
  CHECK(v.simulated("B1") > v.simulated("B4"));
  CHECK(v.simulated("C1") > v.simulated("C3"));
  // Naive kernels wait for DMA, blocked ones for the Tensor engine.
  CHECK(v.simulated("B1.dma") > 95);
  CHECK(v.simulated("B1.pe") < v.simulated("B4.pe"));
  CHECK(v.simulated("C1.dma") / v.simulated("C1") > v.simulated("C1.pe") / v.simulated("C1"));
  CHECK(v.simulated("C3.pe") / v.simulated("C3") > v.simulated("C3.dma") / v.simulated("C3"));
  CHECK(v.simulated("A4.hfu") > 75);
  CHECK(v.simulated("A1.hfu") < 20);
}

TEST_CASE("Changes of the device move what they should and nothing else") {
  const std::string rows = "--rows C1 --rows C4 --rows C9 --rows R3.trn2";
  const Validation base(rows);

  const Validation half(rows + " --set device.dma_engines=8");
  CHECK(half.simulated("C1") > 1.1 * base.simulated("C1"));
  CHECK(half.simulated("C4") == Approx(base.simulated("C4")).epsilon(0.01));

  const Validation clock(rows + " --set neuron_core.engines.tensor.clock=4.8GHz");
  CHECK(clock.simulated("C4") == Approx(2 * base.simulated("C4")).epsilon(0.05));
  CHECK(clock.simulated("C9") == Approx(base.simulated("C9")).epsilon(0.01));

  // Two cores on one stack are bound by it, a matmul is not.
  const Validation hbm(rows + " --set hbm.bandwidth=1432GB/s");
  CHECK(hbm.simulated("R3.trn2") > 1.05 * base.simulated("R3.trn2"));
  CHECK(hbm.simulated("C4") == Approx(base.simulated("C4")).epsilon(0.01));
  CHECK(hbm.simulated("C1") > 0.95 * base.simulated("C1"));
}

TEST_CASE("A deeper queue never makes a run slower") {
  double before = 0;
  for (const int depth : {1, 2, 3, 4, 8}) {
    const ScratchFolder scratch;
    const Outcome outcome = shell(
        "%N run %S/models/gemm_1024.toml --config trn2 --numerics off "
        "--requests 8 --transfer each --depth " +
        std::to_string(depth) + " --out " + (scratch / "out"));
    REQUIRE(outcome.exit_code == 0);
    const double total = summary_of(scratch / "out").at("summary").at("total_time");
    INFO("depth " << depth);
    if (before > 0) {
      CHECK(total <= before);
    }
    before = total;
  }
}

TEST_CASE("validate refuses what it cannot do") {
  const Outcome row = shell("%N validate --rows Z9");
  CHECK(row.exit_code == 2);
  CHECK(row.text.find("no row 'Z9'") != std::string::npos);
  CHECK(shell("%N validate --table /nowhere.toml").exit_code == 2);
  const Outcome set = shell("%N validate --rows F1 --set tensor.clok=1GHz");
  CHECK(set.exit_code == 2);
  CHECK(set.text.find("tensor.clok") != std::string::npos);
}
