// SPDX-License-Identifier: Apache-2.0
// How far something is and how long it takes yet, on a terminal, at most twice a second.
#pragma once

#include <chrono>
#include <string>

namespace nsim::tool {

class Progress {
 public:
  /// `what` is counted: "requests".
  Progress(int total, std::string what, bool quiet);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// `finished` of which `before` came from an earlier attempt and tell nothing about the pace.
  void operator()(int finished, int before = 0, const std::string& note = "");

 private:
  using Clock = std::chrono::steady_clock;
  int total_;
  std::string what_;
  bool shown_;
  bool printed_ = false;
  Clock::time_point start_ = Clock::now();
  Clock::time_point last_ = start_;
};

}  // namespace nsim::tool
