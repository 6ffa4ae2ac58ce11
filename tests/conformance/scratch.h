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

#include "tests/support/scratch_folder.h"

namespace nsim::test {

/// A directory of the test's own, also the working directory.
class Scratch : public ScratchFolder {
 public:
  Scratch() : before_(std::filesystem::current_path()) { std::filesystem::current_path(path()); }
  ~Scratch() { std::filesystem::current_path(before_); }
  /// Names of what lies in a folder below, in order.
  std::vector<std::string> names(const std::string& below = "") const {
    std::vector<std::string> all;
    for (const auto& entry : std::filesystem::directory_iterator(*this / below)) {
      all.push_back(entry.path().filename().string());
    }
    std::sort(all.begin(), all.end());
    return all;
  }
  std::string read(const std::string& name) const { return contents(*this / name); }

 private:
  std::filesystem::path before_;
};

}  // namespace nsim::test
