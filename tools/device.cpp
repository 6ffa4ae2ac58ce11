// SPDX-License-Identifier: Apache-2.0
#include "tools/device.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "runtime/options.h"
#include "sim/base/error.h"
#include "tools/command.h"

namespace nsim::tool {
std::vector<Option> config_options() {
  return {{"config,c", Option::Kind::Text, "F",
           "device: a configuration file or a shipped name (trn1, inf2, trn2, trn3, ...)"},
          {"set,s", Option::Kind::List, "PATH=VALUE", "override one parameter; may be repeated"}};
}

void write_file(const std::string& path, const std::byte* data, std::size_t size) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  file.close();
  if (!file) {
    throw UserError(fmt::format("cannot write {}: {}", path, std::strerror(errno)));
  }
}

Device open_device(const std::string& name, const std::vector<std::string>& set) {
  Device device{
      Config::load(rt::find_config(name.empty() ? rt::Options{}.config : name)), nullptr, {}};
  for (const std::string& assignment : set) {
    device.config.set(assignment);
  }
  device.params = rt::resolve_parameters(device.config);
  device.limits = hw::Hardware::limits_of(*device.params);
  return device;
}

}  // namespace nsim::tool
