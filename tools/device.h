// SPDX-License-Identifier: Apache-2.0
// The device that a subcommand works for: a configuration with all hardware parameters resolved.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "sim/base/config.h"
#include "sim/hw/hardware.h"

namespace nsim::tool {

/// A configuration with all hardware parameters resolved and every key accounted for.
struct Device {
  Config config;
  std::shared_ptr<const hw::InstanceParams> params;
  isa::Limits limits;
};
/// `name` as find_config() takes it; "" means the default device. Unknown keys in the files are
/// errors here.
Device open_device(const std::string& name, const std::vector<std::string>& set);

/// As a whole or not at all (runtime/output_file.h). Throws UserError when it cannot be written.
void write_file(const std::string& path, const std::function<void(std::ostream&)>& write);
void write_file(const std::string& path, const std::string& text);
void write_file(const std::string& path, const std::vector<std::byte>& bytes);

}  // namespace nsim::tool
