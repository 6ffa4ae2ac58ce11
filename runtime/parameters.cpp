// SPDX-License-Identifier: Apache-2.0
#include "runtime/parameters.h"

#include <fmt/format.h>

namespace nsim::rt {

Config load_config(const Environment& environment, const Options& options) {
  Config config = Config::load(find_config(options.config));
  if (environment.logical_nc) {
    config.set(fmt::format("device.cores_per_logical={}", *environment.logical_nc));
  }
  if (environment.exec_timeout) {
    config.set(fmt::format("runtime.exec_timeout={}s", *environment.exec_timeout));
  }
  if (environment.checks) {
    config.set("runtime.checks=true");
  }
  if (!options.faults.empty()) {
    config.merge(Config::load(find_faults(options.faults)));
  }
  if (environment.dge_notifications) {
    config.set("execution_unit.dge_notifications=true");
  }
  if (environment.check_nan) {
    config.set("neuron_core.check_nan=true");
  }
  for (const std::string& assignment : options.set) {
    config.set(assignment);
  }
  return config;
}

Parameters resolve(Config& config) {
  Parameters parameters{hw::Hardware::resolve(config), ClockParams(ParamScope(config, "clock")),
                        RuntimeParams(ParamScope(config, "runtime")),
                        SeverityParams(ParamScope(config, "severity"))};
  config.finish();
  return parameters;
}

std::shared_ptr<const hw::InstanceParams> resolve_parameters(Config& config) {
  return resolve(config).hardware;
}

}  // namespace nsim::rt
