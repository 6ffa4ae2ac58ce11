// SPDX-License-Identifier: Apache-2.0
// Every parameter of a session, resolved from its configuration.
#pragma once

#include <memory>

#include "runtime/env.h"
#include "runtime/runtime_params.h"
#include "runtime/severity.h"
#include "sim/base/clock.h"
#include "sim/base/config.h"
#include "sim/hw/hardware.h"

namespace nsim::rt {

struct Parameters {
  std::shared_ptr<const hw::InstanceParams> hardware;
  ClockParams clock;
  RuntimeParams runtime;
  SeverityParams severities;
};

/// The configuration that `options` name, with their overrides and those of the environment. Throws
/// UserError.
Config load_config(const Environment& environment, const Options& options);

/// Throws UserError, also for a key that nobody used.
Parameters resolve(Config& config);

}  // namespace nsim::rt
