// SPDX-License-Identifier: Apache-2.0
// How a case ended, and the forms in which that is told.
#pragma once

#include <string>
#include <vector>

#include "tools/check/suite.h"
#include "tools/compare/result_set.h"

namespace nsim::tool {

struct CaseResult {
  std::string name;
  std::vector<std::string> failures;         // one line each; none: it passed
  std::vector<std::string> golden_failures;  // the same, of what --update records anew
  std::vector<std::string> details;          // of the failures: what changed, the end of the log
  ResultEntry results;                       // what the run left, for the golden file
  bool ran = false;
  double seconds = 0;  // of wall-clock time
  bool passed() const { return failures.empty() && golden_failures.empty(); }
  /// Failures, then details.
  std::vector<std::string> lines() const;
};

/// Judges a run of `one` that ended with `status` (`problem`: how, when it did not exit) and left
/// `folder`. `golden` is what is recorded of the case, nullptr: nothing.
CaseResult judge_case(const CheckCase& one, const std::string& folder, int status,
                      const std::string& problem, const ResultEntry* golden);

/// For humans, one line per case and failure.
std::string text_of(const CaseResult& result);
/// The Test Anything Protocol, version 13.
std::string tap_text(const std::vector<CaseResult>& results);
/// JUnit's XML, as CI systems read it.
std::string junit_text(const CheckSuite& suite, const std::vector<CaseResult>& results);

}  // namespace nsim::tool
