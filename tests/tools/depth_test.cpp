// SPDX-License-Identifier: Apache-2.0
// What the asynchronous interface's best practices teach: keep requests queued, overlap transfers
// with execution.
#include <catch2/catch.hpp>

#include "tests/tools/nsim_process.h"

using namespace nsim::test;

namespace {

nlohmann::json run(const std::string& options) {
  const ScratchFolder scratch;
  const Outcome outcome = shell(
      "%N run %S/models/gemm_1024.toml --config trn2 --numerics off --requests 8 --no-trace "
      "--out " +
      (scratch / "out") + " " + options);
  INFO(outcome.text);
  REQUIRE(outcome.exit_code == 0);
  return summary_of(scratch / "out");
}

double gap(const nlohmann::json& summary) {
  return summary.at("units").at("nc0.compute.q0").at("gap_ns");
}

}  // namespace

TEST_CASE("a queue that runs dry leaves gaps, two or three queued requests hide the host") {
  const double at_one = gap(run("--depth 1"));
  REQUIRE(at_one > 7 * 1000);  // seven gaps, each at least the cost of a submission
  REQUIRE(gap(run("--depth 2")) < at_one / 10);
  REQUIRE(gap(run("--depth 3")) < at_one / 10);
}

TEST_CASE("writes, executions and reads of different requests overlap when three are in flight") {
  const nlohmann::json serial = run("--depth 1 --transfer each").at("summary");
  const nlohmann::json overlapped = run("--depth 3 --transfer each").at("summary");
  REQUIRE(serial.at("unit_overlap") == Approx(1.0).margin(1e-9));
  REQUIRE(overlapped.at("unit_overlap") > 1.5);
  REQUIRE(overlapped.at("total_time") < serial.at("total_time").get<double>() * 0.6);
}
