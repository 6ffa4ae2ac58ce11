// SPDX-License-Identifier: Apache-2.0
// nsim why: where the time of a request went.
#include <catch2/catch.hpp>
#include <fstream>
#include <map>

#include "tests/tools/nsim_process.h"

using namespace nsim::test;

namespace {

nlohmann::json why(const std::string& options) {
  const Outcome outcome = shell("%N why " + options + " --format json");
  INFO(outcome.text);
  REQUIRE(outcome.exit_code == 0);
  return nlohmann::json::parse(outcome.text);
}

bool has_finding(const nlohmann::json& json, const std::string& name) {
  for (const auto& finding : json["findings"]) {
    if (finding["name"] == name) {
      return true;
    }
  }
  return false;
}

}  // namespace

TEST_CASE("a run that recorded nothing is repeated, and gives the path that a recorded one has") {
  const ScratchFolder scratch;
  REQUIRE(run_model(scratch / "plain", "--no-trace").exit_code == 0);
  REQUIRE(run_model(scratch / "recorded", "--no-trace --why").exit_code == 0);
  const auto plain = why(scratch / "plain" + std::string(" --no-ideal"));
  const auto recorded = why(scratch / "recorded" + std::string(" --no-ideal"));
  CHECK(plain["time_ps"] == recorded["time_ps"]);
  CHECK(plain["segments"] == recorded["segments"]);
  std::int64_t sum = 0;
  for (const auto& segment : recorded["segments"]) {
    sum += segment["to_ps"].get<std::int64_t>() - segment["from_ps"].get<std::int64_t>();
  }
  CHECK(sum == recorded["time_ps"]);
}

TEST_CASE("a dry queue is found where the depth is one, and not where it is three") {
  const ScratchFolder scratch;
  for (const std::string depth : {"1", "3"}) {
    const std::string out = scratch / depth;
    REQUIRE(run_model(out, "--no-trace --requests 4 --why --depth " + depth, "gemm_1024.toml")
                .exit_code == 0);
    CHECK(has_finding(why(out + " --no-ideal"), "queue_ran_dry") == (depth == "1"));
  }
}

TEST_CASE("requests that fail have a path up to the failure, whose segments add up to their time") {
  const std::string point =
      GENERATE("dma_abort", "dma_hang", "engine_hang", "hbm_uncorrectable", "semaphore_misuse",
               "bad_descriptor", "host_link_timeout", "notification_overflow", "notification_lost",
               "notification_corrupted", "interrupt_lost", "device_gone");
  const ScratchFolder scratch;
  const std::string plan = scratch.write(
      "plan.toml", "[[fault]]\npoint = \"" + point + "\"\nunit = \"compute\"\nrequest = 2\n");
  const std::string out = scratch / "out";
  run_model(out, "--no-trace --requests 5 --why --faults " + plan);
  const auto summary = summary_of(out);
  std::map<std::pair<std::string, std::int64_t>, nlohmann::json> paths;
  std::ifstream file(out + "/critical_path.jsonl");
  for (std::string line; std::getline(file, line);) {
    const auto path = nlohmann::json::parse(line);
    paths[{path["unit"], path["sequence"]}] = path;
  }
  INFO(point);
  CHECK(paths.size() == summary["requests"].size());
  for (const auto& request : summary["requests"]) {
    const nlohmann::json& path = paths.at({request["unit"], request["sequence"]});
    INFO(path);
    std::int64_t reached = request["submitted_ps"];
    for (const auto& segment : path["segments"]) {
      CHECK(segment["from_ps"] == reached);
      CHECK(segment["to_ps"] >= segment["from_ps"]);
      reached = segment["to_ps"];
    }
    CHECK(reached == request["completed_ps"]);
    CHECK(path.contains("error") == (request["status"] != 0));
  }
}

TEST_CASE(
    "a request that hangs waits for what did not come to its end; the others are pointed at") {
  const ScratchFolder scratch;
  const std::string out = scratch / "out";
  REQUIRE(run_model(out, "--requests 4 --why --faults third_execution_hangs").exit_code == 1);
  const Outcome last = shell("%N why " + out + " --ideal pe");
  CHECK(last.exit_code == 2);
  const Outcome succeeded = shell("%N why " + out + " --ideal tensor");
  INFO(succeeded.text);
  CHECK(succeeded.exit_code == 0);
  CHECK(succeeded.text.find("compute.q0 request 2: ") != std::string::npos);
  CHECK(succeeded.text.find("requests that failed: --request 3, --request 4") != std::string::npos);
  CHECK(succeeded.text.find(" ?    ") == std::string::npos);  // counterfactuals were run
  const auto failed = why(out + " --request 3 --no-ideal");
  CHECK(failed["error"] == "NRT_TIMEOUT");
  std::int64_t failure = 0;
  for (const auto& segment : failed["segments"]) {
    failure += segment["kind"] == "failure"
                   ? segment["to_ps"].get<std::int64_t>() - segment["from_ps"].get<std::int64_t>()
                   : 0;
  }
  CHECK(failure > failed["time_ps"].get<std::int64_t>() / 2);
  CHECK(failed["segments"].size() > 10);  // how far it came
}

TEST_CASE("what cannot be explained is refused with what would be right") {
  const ScratchFolder scratch;
  const std::string out = scratch / "out";
  REQUIRE(run_model(out, "--no-trace --why").exit_code == 0);
  CHECK(shell("%N why " + (scratch / "nothing")).exit_code == 2);
  const Outcome beyond = shell("%N why " + out + " --request 99 --no-ideal");
  CHECK(beyond.exit_code == 2);
  CHECK(beyond.text.find("there is no request 99") != std::string::npos);
  const Outcome unknown = shell("%N why " + out + " --ideal warp");
  CHECK(unknown.exit_code == 2);
  CHECK(unknown.text.find("is none of dma, ") != std::string::npos);
  CHECK(shell("%N run %S/models/mini_lm.toml --config trn2 --why").exit_code == 2);
}
