// SPDX-License-Identifier: Apache-2.0
// Files that the runtime writes, each as a whole: a reader sees the old or the new contents.
#pragma once

#include <string>

namespace nsim::rt {

/// Throws std::exception when it cannot be written. What is there and is no file (a pipe, a device)
/// is written to.
void write_output(const std::string& path, const std::string& contents);

/// For those who look for a failure. Creates the directories above. Never fails a call: what goes
/// wrong is one warning in the log, and false.
bool leave_file(const std::string& path, const std::string& contents) noexcept;

}  // namespace nsim::rt
