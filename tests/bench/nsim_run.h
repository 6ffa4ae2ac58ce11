// SPDX-License-Identifier: Apache-2.0
// One run of the nsim program, measured from outside.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace nsim::bench {

struct Sample {
  double seconds = 0;    // wall time
  double cpu = 0;        // user and system time
  double mebibytes = 0;  // largest resident set
};

/// Runs the words as a command without output; ends this program when it fails.
Sample run_once(std::vector<std::string> words);

/// The least times and the largest memory of `repeat` runs.
Sample best_of(int repeat, const std::vector<std::string>& words);

/// summary.json of one more run of `nsim run ...`, so that writing it is not measured.
nlohmann::json summary_of(std::vector<std::string> words);

/// Sums every statistic whose name ends in `suffix`.
double sum(const nlohmann::json& summary, const std::string& suffix);

}  // namespace nsim::bench
