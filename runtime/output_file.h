// SPDX-License-Identifier: Apache-2.0
// Files that the runtime leaves for people who look for a failure. Writing one never fails a call:
// what goes wrong is one warning in the log.
#pragma once

#include <string>

namespace nsim::rt {

/// Creates the directories above, then the whole file at once: a reader sees the old or the new
/// contents. False when it could not be written.
bool leave_file(const std::string& path, const std::string& contents) noexcept;

}  // namespace nsim::rt
