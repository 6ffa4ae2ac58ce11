// SPDX-License-Identifier: Apache-2.0
// A directory for the files of one test, and a look at them.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace nsim::test {

/// A directory of the test's own, also the working directory.
class Scratch {
 public:
  Scratch() : before_(std::filesystem::current_path()) {
    static int next = 0;
    path = "/tmp/nsim_scratch_" + std::to_string(getpid()) + "_" + std::to_string(next++);
    std::filesystem::create_directories(path);
    std::filesystem::current_path(path);
  }
  ~Scratch() {
    std::filesystem::current_path(before_);
    std::filesystem::remove_all(path);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  /// Names of what lies in a folder below, in order.
  std::vector<std::string> names(const std::string& below = "") const {
    std::vector<std::string> all;
    for (const auto& entry : std::filesystem::directory_iterator(path / below)) {
      all.push_back(entry.path().filename().string());
    }
    std::sort(all.begin(), all.end());
    return all;
  }
  std::string read(const std::string& name) const {
    std::ifstream in(path / name);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
  }
  std::filesystem::path path;

 private:
  std::filesystem::path before_;
};

}  // namespace nsim::test
