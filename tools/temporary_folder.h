// SPDX-License-Identifier: Apache-2.0
// A place for files that nobody asked for.
#pragma once

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <system_error>

#include "sim/base/error.h"

namespace nsim::tool {

/// A folder of its own, TMPDIR/<name>.XXXXXX, that disappears with all that is in it.
class TemporaryFolder {
 public:
  /// Throws UserError when it cannot be created.
  explicit TemporaryFolder(const std::string& name)
      : path_((std::filesystem::temp_directory_path() / (name + ".XXXXXX")).string()) {
    if (mkdtemp(path_.data()) == nullptr) {
      throw UserError(fmt::format("cannot create {}: {}", path_, std::strerror(errno)));
    }
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace nsim::tool
