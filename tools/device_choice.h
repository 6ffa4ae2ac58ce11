// SPDX-License-Identifier: Apache-2.0
// Which device a subcommand works for.
#pragma once

#include <string>
#include <vector>

#include "tools/command.h"

namespace nsim::tool {

/// The names of a device: its configuration, and the parameters that are set in it.
struct DeviceNames {
  std::string config;
  std::vector<std::string> set;
};
/// What --config and --set say. Without --config it is the device that the program `path` is made
/// for, with as many physical cores per logical core as that has; a model takes the default device.
DeviceNames device_for(const std::string& path, const Arguments& arguments);

}  // namespace nsim::tool
