// SPDX-License-Identifier: Apache-2.0
// How the device that --config, --set and --clock describe reaches a program that nsim starts: by
// the environment that libnrt reads in nrt_init.
#pragma once

#include <string>

#include "tools/command_line.h"

namespace nsim::tool {

/// Wrong input is reported here, not in the other program, whose device is `fallback` when none is
/// named ("": libnrt's own). Throws UserError.
void check_device(const Arguments& arguments, const std::string& fallback);

/// What is not given stays as it is.
void set_device_environment(const Arguments& arguments);

/// `directory` before what the variable already lists.
void prepend_path(const char* variable, const std::string& directory);

}  // namespace nsim::tool
