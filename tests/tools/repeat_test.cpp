// SPDX-License-Identifier: Apache-2.0
// Step clock: the same command gives the same times, always and everywhere.
#include <catch2/catch.hpp>

#include "tests/tools/nsim_process.h"

using nsim::test::contents;
using nsim::test::Outcome;
using nsim::test::ScratchFolder;
using nsim::test::shell;
using nsim::test::summary_of;

namespace {

/// What the simulated time of a run consists of: every request and every statistic.
nlohmann::json times(const std::string& folder) {
  const nlohmann::json summary = summary_of(folder);
  return {summary.at("requests"), summary.at("statistics")};
}

nlohmann::json run(const ScratchFolder& scratch, const std::string& prefix,
                   const std::string& options) {
  const std::string out = scratch / "out";
  const Outcome outcome =
      shell(prefix + " %N run %S/models/gemm_1024.toml --requests 4 --depth 3 --no-trace --out " +
            out + " " + options);
  INFO(outcome.text);
  REQUIRE(outcome.exit_code == 0);
  return times(out);
}

}  // namespace

TEST_CASE("fifty runs give bit-identical times, also under nice and from another directory") {
  const ScratchFolder scratch;
  const nlohmann::json first = run(scratch, "", "--config trn2 --numerics off");
  for (int i = 0; i < 48; ++i) {
    REQUIRE(run(scratch, "", "--config trn2 --numerics off") == first);
  }
  REQUIRE(run(scratch, "nice -n 10", "--config trn2 --numerics off") == first);
  REQUIRE(run(scratch, "cd / &&", "--config trn2 --numerics off") == first);
}

TEST_CASE("times are the same with numerics on and off, on both devices") {
  const ScratchFolder scratch;
  for (const char* config : {"trn1", "trn2"}) {
    const std::string device = std::string("--config ") + config;
    REQUIRE(run(scratch, "", device + " --numerics on") ==
            run(scratch, "", device + " --numerics off"));
  }
}

TEST_CASE("every shipped model takes the same time with numerics on and off") {
  const ScratchFolder scratch;
  for (const char* model : {"mini_lm", "bert_base_layer", "resnet50_stage", "gpt2_small_layer"}) {
    std::vector<nlohmann::json> results;
    for (const char* numerics : {"on", "off"}) {
      const Outcome outcome =
          shell(std::string("%N run %S/models/") + model + ".toml --config trn2 --no-trace --out " +
                (scratch / "out") + " --numerics " + numerics);
      INFO(outcome.text);
      REQUIRE(outcome.exit_code == 0);
      results.push_back(times(scratch / "out"));
    }
    REQUIRE(results[0] == results[1]);
  }
}

TEST_CASE("the resolved configuration, fed back, gives the same run") {
  const ScratchFolder scratch;
  const nlohmann::json first = run(scratch, "", "--config trn2 --numerics off");
  const std::string resolved =
      scratch.write("resolved.toml", contents(scratch / "out/resolved.toml"));
  REQUIRE(run(scratch, "", "--config " + resolved + " --numerics off") == first);
}
