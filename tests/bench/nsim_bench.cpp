// SPDX-License-Identifier: Apache-2.0
// nsim_bench --nsim PATH [--repeat N] -- ARGS...: runs `nsim run ARGS` N times and prints the least
// wall time, the largest resident set, and simulated instructions and DMA descriptors per second of
// wall time.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "tests/bench/nsim_run.h"

using namespace nsim::bench;

int main(int argc, char** argv) {
  std::string nsim;
  int repeat = 3;
  std::vector<std::string> arguments;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--nsim") == 0 && i + 1 < argc) {
      nsim = argv[++i];
    } else if (std::strcmp(argv[i], "--repeat") == 0 && i + 1 < argc) {
      repeat = std::max(1, std::atoi(argv[++i]));
    } else if (std::strcmp(argv[i], "--") == 0) {
      arguments.assign(argv + i + 1, argv + argc);
      break;
    }
  }
  if (nsim.empty() || arguments.empty()) {
    std::fprintf(stderr, "usage: nsim_bench --nsim PATH [--repeat N] -- RUN-ARGUMENTS\n");
    return 2;
  }
  std::vector<std::string> words{nsim, "run"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  const Sample best = best_of(repeat, words);
  const nlohmann::json summary = summary_of(words);
  const double instructions = sum(summary, ".instructions");
  const double descriptors = sum(summary, ".descriptors");
  std::printf("nsim run");
  for (const std::string& word : arguments) {
    std::printf(" %s", word.c_str());
  }
  std::printf(
      "\n  wall            %8.3f s (least of %d)\n  memory          %8.1f MiB (largest resident "
      "set)\n",
      best.seconds, repeat, best.mebibytes);
  std::printf("  instructions    %8.0f, %.2f million per second\n", instructions,
              instructions / best.seconds * 1e-6);
  std::printf("  DMA descriptors %8.0f, %.2f million per second\n", descriptors,
              descriptors / best.seconds * 1e-6);
  std::printf("  simulated       %8.3f us per request\n",
              summary.at("summary").at("time_per_request_ns").get<double>() * 1e-3);
  return 0;
}
