// SPDX-License-Identifier: Apache-2.0
#include "tools/device.h"

#include <fmt/format.h>

#include <system_error>

#include "runtime/options.h"
#include "runtime/output_file.h"
#include "sim/base/error.h"
#include "tools/command.h"

namespace nsim::tool {
std::vector<Option> config_options() {
  return {{"config,c", Option::Kind::Text, "F",
           "device: a configuration file or a shipped name (trn1, inf2, trn2, trn3, ...)"},
          {"set,s", Option::Kind::List, "PATH=VALUE", "override one parameter; may be repeated"}};
}

void write_file(const std::string& path, const std::function<void(std::ostream&)>& write) {
  try {
    rt::OutputFile file(path);
    write(file.stream());
    file.commit();
  } catch (const std::system_error& error) {
    throw UserError(fmt::format("cannot write {}: {}", path, error.code().message()));
  }
}

void write_file(const std::string& path, const std::string& text) {
  write_file(path, [&](std::ostream& out) {
    out.write(text.data(), static_cast<std::streamsize>(text.size()));
  });
}

void write_file(const std::string& path, const std::vector<std::byte>& bytes) {
  write_file(path, [&](std::ostream& out) {
    out.write(reinterpret_cast<const char*>(bytes.data()),
              static_cast<std::streamsize>(bytes.size()));
  });
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
