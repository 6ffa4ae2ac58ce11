// SPDX-License-Identifier: Apache-2.0
// A run directory that is complete in itself: beside what the runtime writes there (summary.json,
// resolved.toml, traces) it holds `run.json`: its arguments, versions, exit status and error, and
// with --record `log`, all that the run printed. run.json comes last and at once, so that a
// directory has it if and only if the run came to an end.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace nsim::tool {

struct RunOutcome {
  std::string command = "run";         // of nsim
  std::vector<std::string> arguments;  // behind it
  std::string directory;               // where it was started: paths are as seen from there
  std::string build;                   // build_identity() of the simulator
  int exit_status = 0;                 // 128 + n: ended by signal n
  std::string error;                   // "" when it succeeded
};

/// Removes what an earlier run left in `folder`, does `run` (its exit status; the error for status
/// 1) and writes run.json. Errors thrown become exit statuses. `log`: all output goes to its log.
int record_run(const std::string& folder, const std::string& command,
               const std::vector<std::string>& arguments, bool log,
               const std::function<int(std::string& error)>& run);

/// Standard output and error go to the file from now on. Throws UserError when it cannot be
/// written.
void send_output_to(const std::string& path);

void write_outcome(const std::string& folder, const RunOutcome& outcome);
/// Nothing when the run in `folder` did not come to an end.
std::optional<RunOutcome> read_outcome(const std::string& folder);

/// Tells builds of this program from each other: the version and the linker's build id.
std::string build_identity();

}  // namespace nsim::tool
