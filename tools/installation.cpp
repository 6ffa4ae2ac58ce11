// SPDX-License-Identifier: Apache-2.0
#include "tools/installation.h"

#include <fmt/format.h>

#include <filesystem>

#include "sim/base/error.h"
#include "tools/process_pool.h"

namespace nsim::tool {
namespace {

namespace fs = std::filesystem;

/// build/release, or the prefix of an installation.
fs::path tree() {
  return fs::path(own_program()).parent_path().parent_path();
}

}  // namespace

std::string library_directory() {
  const fs::path lib = tree() / "lib";
  for (const fs::path& candidate : {lib, lib / "x86_64-linux-gnu", tree() / "lib64"}) {
    if (fs::exists(candidate / "libnrt.so.1")) {
      return candidate.string();
    }
  }
  throw UserError(fmt::format(
      "libnrt.so.1 is not in {}: build the target nrt, or install the package", lib.string()));
}

std::string python_packages() {
  const fs::path installed = tree() / "share" / "neuronsim" / "python";
  const fs::path source = fs::path(NSIM_SOURCE_DIR) / "models" / "nki";
  for (const fs::path& candidate : {installed, source}) {
    if (fs::exists(candidate / "nki" / "__init__.py")) {
      return candidate.string();
    }
  }
  throw UserError(fmt::format("the Python package nki is neither in {} nor in {}",
                              installed.string(), source.string()));
}

std::string python_program() {
  return NSIM_PYTHON;
}

}  // namespace nsim::tool
