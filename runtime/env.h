// SPDX-License-Identifier: Apache-2.0
// The only reader of the process's environment. Values are parsed strictly: a wrong one is a
// UserError that names the variable, never a silent default.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "runtime/options.h"

namespace nsim::rt {

struct Environment {
  Options options;                         // NSIM_CONFIG, _SET, _OUT, _TRACE, _CLOCK
  std::string config_dir;                  // NSIM_CONFIG_DIR
  bool hooks = false;                      // NSIM_HOOKS=1
  std::string visible_cores;               // NEURON_RT_VISIBLE_CORES, "" when unset
  std::int64_t num_cores = 0;              // NEURON_RT_NUM_CORES, 0: all
  std::optional<std::int64_t> logical_nc;  // NEURON_LOGICAL_NC_CONFIG, NEURON_RT_VIRTUAL_CORE_SIZE
  std::optional<std::int64_t> exec_timeout;  // NEURON_RT_EXEC_TIMEOUT, seconds
  bool implicit_async = false;  // NEURON_RT_ASYNC_EXEC_MAX_INFLIGHT_REQUESTS: a mode that is gone
  bool validate_hash = false;   // NEURON_RT_VALIDATE_HASH
  bool allow_legacy_neff = false;  // NEURON_RT_ALLOW_LEGACY_NEFF
  bool checks = false;             // NSIM_CHECK
  std::string check_report;        // NSIM_CHECK_REPORT: each session adds a line of findings
  std::string substitute;          // NSIM_SUBSTITUTE: a substitution map
};

Environment read_environment();

/// Applies NEURON_RT_LOG_LEVEL*, NEURON_RT_LOG_LOCATION* to the log.
void apply_log_environment();

}  // namespace nsim::rt
