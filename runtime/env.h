// SPDX-License-Identifier: Apache-2.0
// The only reader of the process's environment. Values are parsed strictly: a wrong one is a
// UserError that names the variable, never a silent default.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/options.h"

namespace nsim::rt {

/// What is left behind for people when something fails.
struct DumpSettings {
  std::string directory = "/tmp/neuron-core-dump/dt-%d-cid-%c";  // ..._LOCAL_CORE_DUMP_DIRECTORY
  std::string upload_prefix;  // NEURON_RT_S3_CORE_DUMP_PREFIX: for the dump program alone
  std::string program = "/opt/aws/neuron/bin/neuron-dump";  // NSIM_DUMP_PROGRAM
  std::int64_t inputs_on_status = 0;  // NEURON_RT_DBG_DUMP_INPUTS_ON_ERR, 0: never
  std::uint64_t memory_log_entries =
      0;  // NEURON_RT_ENABLE_DEVICE_MEMORY_OOM_LOG, _DEBUG_MEMLOG_...
};

/// NEURON_RT_INSPECT_*
struct InspectSettings {
  bool enabled = false;
  bool on_fail = false;  // only when an execution failed
  bool system_profile = true;
  bool device_profile = false;
  std::string output_dir = "./output";
  std::uint64_t max_events_per_core = 1000000;
  std::string cores;   // EVENT_FILTER_NC: numbers and ranges, "" for all
  std::string events;  // EVENT_FILTER_TYPE: names, "hardware", "software", ^ negates; "" for all
};

struct Environment {
  Options options;             // NSIM_CONFIG, _SET, _OUT, _TRACE, _RECORDS, _CLOCK, _FAULTS
  bool hooks = false;          // NSIM_HOOKS=1
  std::string visible_cores;   // NEURON_RT_VISIBLE_CORES, "" when unset
  std::int64_t num_cores = 0;  // NEURON_RT_NUM_CORES, 0: all
  std::optional<std::int64_t> logical_nc;  // NEURON_LOGICAL_NC_CONFIG, NEURON_RT_VIRTUAL_CORE_SIZE
  std::optional<std::int64_t> exec_timeout;  // NEURON_RT_EXEC_TIMEOUT, seconds
  bool implicit_async = false;  // NEURON_RT_ASYNC_EXEC_MAX_INFLIGHT_REQUESTS: a mode that is gone
  bool validate_hash = false;   // NEURON_RT_VALIDATE_HASH
  bool allow_legacy_neff = false;  // NEURON_RT_ALLOW_LEGACY_NEFF
  bool checks = false;             // NSIM_CHECK
  std::string check_report;        // NSIM_CHECK_REPORT: each session adds a line of findings
  std::string substitute;          // NSIM_SUBSTITUTE: a substitution map
  DumpSettings dumps;
  InspectSettings inspect;
  std::vector<std::pair<std::string, std::string>> all;  // NEURON_* and NSIM_*, by name
  bool dge_notifications = false;                        // NEURON_RT_ENABLE_DGE_NOTIFICATIONS
  bool check_nan = false;   // NEURON_FAIL_ON_NAN, NEURON_RT_NUMERICAL_ERRORS_VERBOSITY
  bool reset_cores = true;  // NEURON_RT_RESET_CORES
};

/// Checks every variable of the runtime that is known (env_table.h); unknown NEURON_RT_* are
/// ignored with a line at DEBUG.
Environment read_environment();
/// NSIM_CONFIG_DIR alone.
std::string config_directory();

/// Applies NEURON_RT_LOG_LEVEL*, NEURON_RT_LOG_LOCATION* to the log.
void apply_log_environment();

}  // namespace nsim::rt
