// SPDX-License-Identifier: Apache-2.0
#include "tools/device_environment.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>
#include <filesystem>

#include "runtime/options.h"
#include "tools/device.h"

namespace nsim::tool {

void check_device(const Arguments& arguments, const std::string& fallback) {
  if (arguments.has("config") || arguments.has("set")) {
    open_device(arguments.has("config") ? arguments.text("config") : fallback,
                arguments.list("set"));
  }
}

void set_device_environment(const Arguments& arguments) {
  if (arguments.has("config")) {
    const std::string file = rt::find_config(arguments.text("config"));
    setenv("NSIM_CONFIG", std::filesystem::absolute(file).c_str(), 1);
  }
  if (arguments.has("set")) {
    setenv("NSIM_SET", fmt::format("{}", fmt::join(arguments.list("set"), ";")).c_str(), 1);
  }
  if (arguments.has("clock")) {
    setenv("NSIM_CLOCK", arguments.text("clock").c_str(), 1);
  }
}

void prepend_path(const char* variable, const std::string& directory) {
  const char* before = std::getenv(variable);
  const bool empty = before == nullptr || *before == '\0';
  setenv(variable, empty ? directory.c_str() : fmt::format("{}:{}", directory, before).c_str(), 1);
}

}  // namespace nsim::tool
