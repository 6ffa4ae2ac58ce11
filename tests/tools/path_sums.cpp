// SPDX-License-Identifier: Apache-2.0
// path_sums MODEL CONFIG [--ideal]: runs the model with its critical paths recorded. Of every
// request the segments must join from the schedule call to completion and add up to its time, to
// the picosecond; with --ideal each counterfactual of nsim why must be what its own run gives.
#include <fmt/format.h>

#include <cstring>

#include "tests/tools/nsim_process.h"

namespace {

using nlohmann::json;

int fail(const std::string& message) {
  fmt::print("FAILED {}\n", message);
  return 1;
}

/// 0 when the path of one request is whole.
int check_path(const json& path, const json& summary) {
  const std::string name = fmt::format("{} {}", path.at("unit").get<std::string>(),
                                       path.at("sequence").get<std::int64_t>());
  std::int64_t reached = path.at("submitted_ps");
  std::int64_t sum = 0;
  for (const json& segment : path.at("segments")) {
    const std::int64_t from = segment.at("from_ps");
    const std::int64_t to = segment.at("to_ps");
    if (from != reached || to < from) {
      return fail(
          fmt::format("{}: a segment from {} to {} does not follow {}", name, from, to, reached));
    }
    sum += to - from;
    reached = to;
  }
  for (const json& request : summary.at("requests")) {
    if (request.at("unit") == path.at("unit") && request.at("sequence") == path.at("sequence")) {
      const std::int64_t time = request.at("completed_ps").get<std::int64_t>() -
                                request.at("submitted_ps").get<std::int64_t>();
      return sum == time ? 0 : fail(fmt::format("{}: {} ps of {} ps", name, sum, time));
    }
  }
  return fail(name + " is not in summary.json");
}

/// Every counterfactual is run once more by its arguments.
int check_ideal(const std::string& out) {
  const json why = json::parse(nsim::test::shell("%N why " + out + " --format json").text);
  int wrong = why.at("counterfactuals").empty() ? fail("no counterfactuals") : 0;
  for (const json& one : why.at("counterfactuals")) {
    std::string words;
    for (const std::string word : one.at("arguments")) {
      words += " '" + word + "'";
    }
    const std::string again = out + "_again";
    nsim::test::shell("%N" + words + " --out " + again);
    const json summary = nsim::test::summary_of(again);
    for (const json& request : summary.at("requests")) {
      if (request.at("unit") == why.at("unit") && request.at("sequence") == why.at("sequence")) {
        const double time =
            request.at("completed_ps").get<double>() - request.at("submitted_ps").get<double>();
        const double told = one.at("time_ps").get<double>();
        if (std::abs(told - time) > 0.01 * time) {
          wrong += fail(fmt::format("{}: {} ps told, {} ps run", one.dump(), told, time));
        }
      }
    }
  }
  return wrong;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    return fail("usage: path_sums MODEL CONFIG [--ideal]");
  }
  const nsim::test::ScratchFolder scratch;
  const std::string out = scratch / "out";
  const nsim::test::Outcome outcome =
      nsim::test::shell(fmt::format("%N run {} --config {} --requests 3 --depth 2 --transfer each "
                                    "--numerics off --no-trace -q --why --out {}",
                                    argv[1], argv[2], out));
  if (outcome.exit_code != 0) {
    return fail(outcome.text);
  }
  const json summary = nsim::test::summary_of(out);
  std::ifstream file(out + "/critical_path.jsonl");
  std::size_t paths = 0;
  int wrong = 0;
  for (std::string line; std::getline(file, line); ++paths) {
    wrong += check_path(json::parse(line), summary);
  }
  if (paths != summary.at("requests").size()) {
    wrong += fail(fmt::format("{} paths of {} requests", paths, summary.at("requests").size()));
  }
  if (argc > 3 && std::strcmp(argv[3], "--ideal") == 0) {
    wrong += check_ideal(out);
  }
  fmt::print("{} requests, {} wrong\n", paths, wrong);
  return wrong == 0 ? 0 : 1;
}
