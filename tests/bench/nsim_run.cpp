// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/nsim_run.h"
#include "tests/support/scratch_folder.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace nsim::bench {

Sample run_once(std::vector<std::string> words) {
  std::vector<char*> argv;
  for (std::string& word : words) {
    argv.push_back(word.data());
  }
  argv.push_back(nullptr);
  const auto start = std::chrono::steady_clock::now();
  std::fflush(stdout);
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
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return {wall.count(), seconds(usage.ru_utime) + seconds(usage.ru_stime),
          static_cast<double>(usage.ru_maxrss) / 1024};
}

Sample best_of(int repeat, const std::vector<std::string>& words) {
  Sample best{1e30, 1e30, 0};
  for (int i = 0; i < repeat; ++i) {
    const Sample sample = run_once(words);
    best = {std::min(best.seconds, sample.seconds), std::min(best.cpu, sample.cpu),
            std::max(best.mebibytes, sample.mebibytes)};
  }
  return best;
}

nlohmann::json summary_of(std::vector<std::string> words) {
  const test::ScratchFolder out;
  words.insert(words.end(), {"--out", out.path(), "--no-trace"});
  run_once(words);
  return nlohmann::json::parse(test::contents(out / "summary.json"));
}

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

}  // namespace nsim::bench
