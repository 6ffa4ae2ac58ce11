// SPDX-License-Identifier: Apache-2.0
// nsim_bench --nsim PATH [--repeat N] -- ARGS...: runs `nsim run ARGS` N times and prints the least
// wall time, the largest resident set, and simulated instructions and DMA descriptors per second of
// wall time.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace {

struct Sample {
  double seconds = 0;
  double mebibytes = 0;
};

Sample run_once(std::vector<std::string> words) {
  std::vector<char*> argv;
  for (std::string& word : words) {
    argv.push_back(word.data());
  }
  argv.push_back(nullptr);
  const auto start = std::chrono::steady_clock::now();
  const pid_t child = fork();
  if (child == 0) {
    if (std::freopen("/dev/null", "w", stdout) == nullptr) {
      _exit(126);
    }
    execv(argv[0], argv.data());
    _exit(127);
  }
  int status = 0;
  rusage usage{};
  wait4(child, &status, 0, &usage);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    std::fprintf(stderr, "%s failed\n", words[0].c_str());
    std::exit(1);
  }
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
  return {wall.count(), static_cast<double>(usage.ru_maxrss) / 1024};
}

/// Sums every statistic whose name ends in `suffix`.
double sum(const nlohmann::json& summary, const std::string& suffix) {
  double total = 0;
  for (const auto& [name, stat] : summary.at("statistics").items()) {
    if (name.size() >= suffix.size() &&
        name.compare(name.size() - suffix.size(), suffix.size(), suffix) == 0) {
      total += stat.at("value").get<double>();
    }
  }
  return total;
}

}  // namespace

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
  Sample best{1e30, 0};
  for (int i = 0; i < repeat; ++i) {
    const Sample sample = run_once(words);
    best = {std::min(best.seconds, sample.seconds), std::max(best.mebibytes, sample.mebibytes)};
  }

  // One more run for the counts, so that writing the report does not count as simulation.
  const std::filesystem::path out =
      std::filesystem::temp_directory_path() / ("nsim_bench." + std::to_string(getpid()));
  words.insert(words.end(), {"--out", out.string(), "--no-trace"});
  run_once(words);
  std::ifstream file(out / "summary.json");
  const nlohmann::json summary = nlohmann::json::parse(file);
  std::filesystem::remove_all(out);
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
