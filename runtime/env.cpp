// SPDX-License-Identifier: Apache-2.0
#include "runtime/env.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "runtime/env_table.h"
#include "sim/base/error.h"
#include "sim/base/log.h"

namespace nsim::rt {
namespace {

std::optional<std::string> variable(const char* name) {
  const char* value =
      std::getenv(name);  // NOLINT(concurrency-mt-unsafe): the process's own start-up
  if (value == nullptr) {
    return std::nullopt;
  }
  return std::string(value);
}

/// A number of the table, so that check_variables() let it pass.
std::optional<std::int64_t> number(const char* name) {
  const std::optional<std::string> text = variable(name);
  if (!text) {
    return std::nullopt;
  }
  std::int64_t value = 0;
  const char* end = text->data() + text->size();
  if (std::from_chars(text->data(), end, value).ptr != end) {
    throw InternalError(fmt::format("{} is read and not checked", name));
  }
  return value;
}

bool flag(const char* name, bool unset = false) {
  const std::optional<std::string> text = variable(name);
  if (!text || text->empty()) {
    return unset;
  }
  if (*text == "0" || *text == "false") {
    return false;
  }
  if (*text == "1" || *text == "true") {
    return true;
  }
  throw UserError(fmt::format("{}=\"{}\" is neither 0 nor 1", name, *text));
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const std::size_t end = std::min(text.find(separator, begin), text.size());
    if (end > begin) {
      parts.push_back(text.substr(begin, end - begin));
    }
    begin = end + 1;
  }
  return parts;
}

Options environment_options() {
  Options options;
  options.config = variable("NSIM_CONFIG").value_or(options.config);
  options.set = split(variable("NSIM_SET").value_or(""), ';');
  options.out = variable("NSIM_OUT").value_or("");
  options.faults = variable("NSIM_FAULTS").value_or("");
  options.trace = flag("NSIM_TRACE", true);
  options.waves = {variable("NSIM_VCD").value_or(""),
                   split(variable("NSIM_SIGNALS").value_or(""), ';')};
  options.records = flag("NSIM_RECORDS", false);
  options.paths = flag("NSIM_WHY");
  if (const auto clock = variable("NSIM_CLOCK")) {
    if (*clock != "free" && *clock != "step") {
      throw UserError(fmt::format("NSIM_CLOCK=\"{}\" is neither free nor step", *clock));
    }
    options.set.push_back("clock.mode=" + *clock);
  }
  return options;
}

log::Level parse_level(const char* name, const std::string& text) {
  static constexpr std::pair<const char*, log::Level> kLevels[] = {
      {"TRACE", log::Level::Trace}, {"DEBUG", log::Level::Debug},  {"INFO", log::Level::Info},
      {"WARN", log::Level::Warn},   {"WARNING", log::Level::Warn}, {"ERROR", log::Level::Error},
      {"QUIET", log::Level::Quiet},
  };
  for (const auto& [level_name, level] : kLevels) {
    if (text == level_name) {
      return level;
    }
  }
  throw UserError(
      fmt::format("{}=\"{}\" is none of TRACE, DEBUG, INFO, WARN, ERROR, QUIET", name, text));
}

constexpr std::pair<const char*, log::Component> kComponents[] = {
    {"NRT", log::Component::Nrt},
    {"NMGR", log::Component::Nmgr},
    {"KMGR", log::Component::Kmgr},
    {"TDRV", log::Component::Tdrv},
};

std::vector<std::pair<std::string, std::string>> our_variables() {
  std::vector<std::pair<std::string, std::string>> all;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos &&
        (text.rfind("NEURON_", 0) == 0 || text.rfind("NSIM_", 0) == 0)) {
      all.emplace_back(text.substr(0, equals), text.substr(equals + 1));
    }
  }
  std::sort(all.begin(), all.end());
  return all;
}

void check_variables(const std::vector<std::pair<std::string, std::string>>& all) {
  const std::vector<VariableRow>& rows = neuron_variables();
  for (const auto& [name, value] : all) {
    const auto row = std::find_if(rows.begin(), rows.end(),
                                  [&name = name](const auto& each) { return name == each.name; });
    if (row != rows.end()) {
      check_variable(*row, value);
    } else if (name.rfind("NEURON_RT_", 0) == 0) {
      NSIM_LOG(Nrt, Debug, "{} is not known and ignored", name);
    }
  }
}

DumpSettings dump_settings() {
  constexpr std::int64_t kDefaultEntries = 1048576;
  DumpSettings dumps;
  dumps.directory = variable("NEURON_RT_LOCAL_CORE_DUMP_DIRECTORY").value_or(dumps.directory);
  dumps.upload_prefix = variable("NEURON_RT_S3_CORE_DUMP_PREFIX").value_or("");
  dumps.program = variable("NSIM_DUMP_PROGRAM").value_or(dumps.program);
  dumps.inputs_on_status = number("NEURON_RT_DBG_DUMP_INPUTS_ON_ERR").value_or(0);
  if (flag("NEURON_RT_ENABLE_DEVICE_MEMORY_OOM_LOG")) {
    dumps.memory_log_entries = static_cast<std::uint64_t>(
        number("NEURON_RT_DEBUG_MEMLOG_MAX_SIZE").value_or(kDefaultEntries));
  }
  return dumps;
}

InspectSettings inspect_settings() {
  InspectSettings inspect;
  inspect.enabled = flag("NEURON_RT_INSPECT_ENABLE");
  inspect.on_fail = flag("NEURON_RT_INSPECT_ON_FAIL");
  inspect.system_profile = flag("NEURON_RT_INSPECT_SYSTEM_PROFILE", true);
  inspect.device_profile = flag("NEURON_RT_INSPECT_DEVICE_PROFILE");
  inspect.output_dir = variable("NEURON_RT_INSPECT_OUTPUT_DIR").value_or(inspect.output_dir);
  inspect.max_events_per_core = static_cast<std::uint64_t>(
      number("NEURON_RT_INSPECT_SYS_TRACE_MAX_EVENTS_PER_NC")
          .value_or(static_cast<std::int64_t>(inspect.max_events_per_core)));
  inspect.cores = variable("NEURON_RT_INSPECT_EVENT_FILTER_NC").value_or("");
  inspect.events = variable("NEURON_RT_INSPECT_EVENT_FILTER_TYPE").value_or("");
  return inspect;
}

}  // namespace

std::string config_directory() {
  return variable("NSIM_CONFIG_DIR").value_or("");
}

Environment read_environment() {
  Environment environment;
  environment.all = our_variables();
  check_variables(environment.all);
  environment.options = environment_options();
  environment.hooks = flag("NSIM_HOOKS");
  environment.visible_cores = variable("NEURON_RT_VISIBLE_CORES").value_or("");
  environment.num_cores = number("NEURON_RT_NUM_CORES").value_or(0);
  environment.logical_nc = number("NEURON_LOGICAL_NC_CONFIG");
  if (!environment.logical_nc) {
    environment.logical_nc = number("NEURON_RT_VIRTUAL_CORE_SIZE");
  }
  environment.exec_timeout = number("NEURON_RT_EXEC_TIMEOUT");
  environment.validate_hash = flag("NEURON_RT_VALIDATE_HASH");
  environment.allow_legacy_neff = flag("NEURON_RT_ALLOW_LEGACY_NEFF");
  environment.checks = flag("NSIM_CHECK");
  environment.check_report = variable("NSIM_CHECK_REPORT").value_or("");
  environment.substitute = variable("NSIM_SUBSTITUTE").value_or("");
  environment.dge_notifications = flag("NEURON_RT_ENABLE_DGE_NOTIFICATIONS");
  environment.check_nan =
      flag("NEURON_FAIL_ON_NAN") || variable("NEURON_RT_NUMERICAL_ERRORS_VERBOSITY") == "critical";
  environment.reset_cores = flag("NEURON_RT_RESET_CORES", true);
  environment.implicit_async =
      number("NEURON_RT_ASYNC_EXEC_MAX_INFLIGHT_REQUESTS").value_or(0) != 0;
  environment.dumps = dump_settings();
  environment.inspect = inspect_settings();
  return environment;
}

void apply_log_environment() {
  if (const auto level = variable("NEURON_RT_LOG_LEVEL")) {
    log::set_level(parse_level("NEURON_RT_LOG_LEVEL", *level));
  }
  if (const auto location = variable("NEURON_RT_LOG_LOCATION")) {
    log::set_location(*location);
  }
  for (const auto& [name, component] : kComponents) {
    const std::string level_name = std::string("NEURON_RT_LOG_LEVEL_") + name;
    if (const auto level = variable(level_name.c_str())) {
      log::set_level(component, parse_level(level_name.c_str(), *level));
    }
    if (const auto location = variable((std::string("NEURON_RT_LOG_LOCATION_") + name).c_str())) {
      log::set_location(component, *location);
    }
  }
}

}  // namespace nsim::rt
