// SPDX-License-Identifier: Apache-2.0
// golden [--update]: runs every program of times.json without numerics and compares what is
// recorded there: the time of the request in picoseconds, instructions, DMA descriptors and bytes.
// Exit 1 when a field differs.
#include <fmt/format.h>

#include <cstring>
#include <fstream>

#include "tests/tools/nsim_process.h"

namespace {

using nlohmann::ordered_json;

double sum(const nlohmann::json& statistics, const std::string& suffix) {
  double total = 0;
  for (const auto& [name, stat] : statistics.items()) {
    if (name.size() >= suffix.size() &&
        name.compare(name.size() - suffix.size(), suffix.size(), suffix) == 0) {
      total += stat.at("value").get<double>();
    }
  }
  return total;
}

/// `key` is "program config": a file below models/ and a configuration.
ordered_json measure(const std::string& key) {
  const std::size_t space = key.find(' ');
  const nsim::test::ScratchFolder scratch;
  const nsim::test::Outcome outcome = nsim::test::shell(
      "%N run %S/models/" + key.substr(0, space) + " --config " + key.substr(space + 1) +
      " --numerics off --no-trace --out " + (scratch / "out"));
  if (outcome.exit_code != 0) {
    fmt::print(stderr, "{}: {}", key, outcome.text);
    return {};
  }
  const nlohmann::json summary = nsim::test::summary_of(scratch / "out");
  ordered_json fields;
  for (const nlohmann::json& request : summary.at("requests")) {
    if (request.at("unit") == "nc0.compute.q0") {
      fields["request_ps"] =
          request.at("ended_ps").get<std::int64_t>() - request.at("started_ps").get<std::int64_t>();
    }
  }
  const nlohmann::json& statistics = summary.at("statistics");
  fields["instructions"] = static_cast<std::int64_t>(sum(statistics, ".instructions"));
  fields["dma_descriptors"] = static_cast<std::int64_t>(sum(statistics, ".descriptors"));
  fields["dma_bytes"] = summary.at("summary").at("dma_transfer_total_bytes").get<std::int64_t>();
  return fields;
}

/// Prints every field that differs; true when none does.
bool same(const std::string& key, const ordered_json& expected, const ordered_json& actual) {
  bool equal = true;
  for (const auto& [field, value] : actual.items()) {
    const double before = expected.contains(field) ? expected.at(field).get<double>() : 0;
    const auto after = value.get<double>();
    if (before != after) {
      fmt::print("{}: {} was {:.0f}, is {:.0f} ({:+.2f} %)\n", key, field, before, after,
                 before != 0 ? 100 * (after - before) / before : 100.0);
      equal = false;
    }
  }
  return equal && !actual.empty();
}

}  // namespace

int main(int argc, char** argv) {
  const bool update = argc > 1 && std::strcmp(argv[1], "--update") == 0;
  const std::string path = NSIM_SOURCE_DIR "/tests/golden/times.json";
  ordered_json golden = ordered_json::parse(nsim::test::contents(path));
  bool equal = true;
  for (auto& [key, expected] : golden.items()) {
    const ordered_json actual = measure(key);
    equal = same(key, expected, actual) && equal;
    if (update && !actual.empty()) {
      expected = actual;
    }
  }
  if (update) {
    std::ofstream(path) << golden.dump(2) << "\n";
    return 0;
  }
  if (equal) {
    fmt::print("{} programs: all times and counts as recorded\n", golden.size());
  }
  return equal ? 0 : 1;
}
