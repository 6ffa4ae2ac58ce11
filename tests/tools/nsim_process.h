// SPDX-License-Identifier: Apache-2.0
// Runs the nsim program and reads what it leaves behind.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "tests/support/scratch_folder.h"

namespace nsim::test {

struct Outcome {
  int exit_code = -1;
  std::string text;  // standard output and standard error
};

/// `command` is a shell line; %N stands for the nsim program and %S for the source tree.
inline Outcome shell(std::string command) {
  for (const auto& [from, to] :
       {std::pair<std::string, std::string>("%N", NSIM_BINARY), {"%S", NSIM_SOURCE_DIR}}) {
    for (std::size_t at = command.find(from); at != std::string::npos;
         at = command.find(from, at + to.size())) {
      command.replace(at, from.size(), to);
    }
  }
  Outcome outcome;
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) {
    return outcome;
  }
  std::array<char, 4096> buffer{};
  while (std::fgets(buffer.data(), static_cast<int>(buffer.size()), pipe) != nullptr) {
    outcome.text += buffer.data();
  }
  const int status = pclose(pipe);
  outcome.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return outcome;
}

/// Runs a shipped model on a trn2, without numerics, into `out`.
inline Outcome run_model(const std::string& out, const std::string& options,
                         const std::string& model = "mini_lm.toml") {
  return shell("%N run %S/models/" + model + " --config trn2 --numerics off --quiet --out " + out +
               " " + options);
}

inline nlohmann::json summary_of(const std::string& folder) {
  return nlohmann::json::parse(contents(folder + "/summary.json"));
}

}  // namespace nsim::test
