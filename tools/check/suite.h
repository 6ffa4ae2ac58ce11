// SPDX-License-Identifier: Apache-2.0
// A suite of checks: a TOML file of cases, each a run with what is expected of it. docs/checks.md
// describes the file.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tools/check/expectation.h"
#include "tools/sweep/expression.h"

namespace nsim::tool {

struct CheckCase {
  std::string name;
  std::string folder_name;                     // of its run directory: "01_gemm_on_trn2"
  std::string program;                         // model, program text or container; or:
  std::vector<std::string> client;             // an application and its arguments
  std::string config;                          // "": the program's or the default device
  std::map<std::string, std::string> options;  // of nsim run: requests, depth, cores, ...
  std::vector<std::string> set;
  std::map<std::string, std::string> environment;  // of a client
  bool reference = false;                          // nsim run --check
  std::int64_t status = 0;                         // the exit status it must have
  std::int64_t timeout = 600;                      // seconds of wall-clock time
  std::vector<Expression> expect;
  std::vector<Expectation> trace;
  std::vector<std::string> golden;  // fields compared with the recorded ones
  double tolerance = 0;

  /// What nsim does, with its results in `folder`.
  std::vector<std::string> arguments(const std::string& folder) const;
};

struct CheckSuite {
  std::string name;
  std::string path;
  std::string folder;  // where it lies: paths in it are as seen from there
  std::string golden_file;
  std::vector<CheckCase> cases;
};

/// `variables` replace ${name} in texts. Throws UserError with the place of what is wrong.
CheckSuite read_check_suite(const std::string& path,
                            const std::map<std::string, std::string>& variables);
CheckSuite parse_check_suite(const std::string& text, const std::string& path,
                             const std::map<std::string, std::string>& variables);

}  // namespace nsim::tool
