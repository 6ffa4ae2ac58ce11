// SPDX-License-Identifier: Apache-2.0
#include "runtime/env_table.h"

#include <fmt/format.h>

#include <charconv>
#include <sstream>

#include "sim/base/error.h"

namespace nsim::rt {
namespace {

using Kind = VariableRow::Kind;

constexpr std::int64_t kMaxCores = 1024;
constexpr std::int64_t kMaxMegabytes = 65536;
constexpr std::int64_t kMaxPort = 65535;
constexpr const char* kLevels = "TRACE DEBUG INFO WARN WARNING ERROR QUIET";

[[noreturn]] void refuse(const VariableRow& row, const std::string& value,
                         const std::string& right) {
  throw UserError(fmt::format("{}=\"{}\" is not {}", row.name, value, right));
}

bool parse(const std::string& text, std::int64_t& value) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && stop == end;
}

void check_number(const VariableRow& row, const std::string& value) {
  std::int64_t number = 0;
  if (!parse(value, number) || number < row.min || number > row.max || number % row.step != 0) {
    const std::string multiple = row.step == 1 ? "" : fmt::format(", a multiple of {}", row.step);
    refuse(row, value, fmt::format("a number in {} .. {}{}", row.min, row.max, multiple));
  }
}

void check_choice(const VariableRow& row, const std::string& value) {
  std::istringstream choices(row.choices);
  for (std::string choice; choices >> choice;) {
    if (choice == value) {
      return;
    }
  }
  refuse(row, value, fmt::format("one of {}", row.choices));
}

void check_host_port(const VariableRow& row, const std::string& value) {
  const std::size_t colon = value.rfind(':');
  std::int64_t port = 0;
  if (colon == std::string::npos || colon == 0 || !parse(value.substr(colon + 1), port) ||
      port < 1 || port > kMaxPort) {
    refuse(row, value, "host:port");
  }
}

}  // namespace

const std::vector<VariableRow>& neuron_variables() {
  static const auto* const rows = new std::vector<VariableRow>{
      {"NEURON_RT_VISIBLE_CORES", Kind::Text},
      {"NEURON_RT_NUM_CORES", Kind::Number, 0, kMaxCores},
      {"NEURON_LOGICAL_NC_CONFIG", Kind::Number, 1, 2},
      {"NEURON_RT_VIRTUAL_CORE_SIZE", Kind::Number, 1, 2},
      {"NEURON_RT_EXEC_TIMEOUT", Kind::Number, 1, 100000},
      {"NEURON_RT_LOG_LEVEL", Kind::Choice, 0, 0, 1, kLevels},
      {"NEURON_RT_LOG_LEVEL_NRT", Kind::Choice, 0, 0, 1, kLevels},
      {"NEURON_RT_LOG_LEVEL_NMGR", Kind::Choice, 0, 0, 1, kLevels},
      {"NEURON_RT_LOG_LEVEL_KMGR", Kind::Choice, 0, 0, 1, kLevels},
      {"NEURON_RT_LOG_LEVEL_TDRV", Kind::Choice, 0, 0, 1, kLevels},
      {"NEURON_RT_LOG_LOCATION", Kind::Text},
      {"NEURON_RT_LOG_LOCATION_NRT", Kind::Text},
      {"NEURON_RT_LOG_LOCATION_NMGR", Kind::Text},
      {"NEURON_RT_LOG_LOCATION_KMGR", Kind::Text},
      {"NEURON_RT_LOG_LOCATION_TDRV", Kind::Text},
      {"NEURON_RT_VALIDATE_HASH", Kind::Flag},
      {"NEURON_RT_ALLOW_LEGACY_NEFF", Kind::Flag},
      {"NEURON_RT_DBG_DUMP_INPUTS_ON_ERR", Kind::Number, 1, 100000},
      {"NEURON_RT_ENABLE_DEVICE_MEMORY_OOM_LOG", Kind::Flag},
      {"NEURON_RT_DEBUG_MEMLOG_MAX_SIZE", Kind::Number, 1, INT32_MAX},
      {"NEURON_RT_LOCAL_CORE_DUMP_DIRECTORY", Kind::Text},
      {"NEURON_RT_S3_CORE_DUMP_PREFIX", Kind::Text},
      {"NEURON_RT_INSPECT_ENABLE", Kind::Flag},
      {"NEURON_RT_INSPECT_OUTPUT_DIR", Kind::Text},
      {"NEURON_RT_INSPECT_SYSTEM_PROFILE", Kind::Flag},
      {"NEURON_RT_INSPECT_DEVICE_PROFILE", Kind::Flag},
      {"NEURON_RT_INSPECT_ON_FAIL", Kind::Flag},
      {"NEURON_RT_INSPECT_EVENT_FILTER_NC", Kind::Text},
      {"NEURON_RT_INSPECT_EVENT_FILTER_TYPE", Kind::Text},
      {"NEURON_RT_INSPECT_SYS_TRACE_MAX_EVENTS_PER_NC", Kind::Number, 1, INT64_MAX},
      {"NEURON_RT_ASYNC_EXEC_MAX_INFLIGHT_REQUESTS", Kind::Number, 0, INT32_MAX},
      {"NEURON_RT_NUMERICAL_ERRORS_VERBOSITY", Kind::Choice, 0, 0, 1, "none warning critical"},
      {"NEURON_FAIL_ON_NAN", Kind::Flag},
      {"NEURON_RT_RESET_CORES", Kind::Flag},
      {"NEURON_RT_ENABLE_DGE_NOTIFICATIONS", Kind::Flag},
      // Checked and without effect.
      {"NEURON_RT_MULTI_INSTANCE_SHARED_WEIGHTS", Kind::Flag},
      {"NEURON_RT_STOCHASTIC_ROUNDING_EN", Kind::Flag},
      {"NEURON_RT_STOCHASTIC_ROUNDING_SEED", Kind::Number, 0, UINT32_MAX},
      {"NEURON_RT_ROOT_COMM_ID", Kind::HostPort},
      {"NEURON_RT_CONTIGUOUS_SCRATCHPAD", Kind::Flag},
      {"NEURON_SCRATCHPAD_PAGE_SIZE", Kind::Number, 512, 3584, 512},
      {"NEURON_RT_DEBUG_OUTPUT_DIR", Kind::Text},
      {"NEURON_RT_DEBUG_STREAM_BUFFER_SIZE", Kind::Number, 1, INT32_MAX},
      {"NEURON_RT_PROFILE_BUF_EVENT_MB", Kind::Number, 0, kMaxMegabytes},
      {"NEURON_RT_PROFILE_BUF_DMA_MB", Kind::Number, 0, kMaxMegabytes},
      {"NEURON_RT_PROFILE_BUF_THROTTLE_MB", Kind::Number, 0, kMaxMegabytes},
      {"NEURON_RT_PROFILE_BUF_CC_CORE_INSTRUCTION_MB", Kind::Number, 0, kMaxMegabytes},
      {"NEURON_RT_PROFILE_BUF_CC_CORE_EVENT_MB", Kind::Number, 0, kMaxMegabytes},
      {"NEURON_RT_INSPECT_CPU_UTIL", Kind::Flag},
      {"NEURON_RT_INSPECT_HOST_MEMORY", Kind::Flag},
      {"NEURON_RT_DBG_DMA_PACKETIZATION_SIZE", Kind::Number, 1, INT32_MAX},
      {"NEURON_RT_DBG_CC_DMA_PACKET_SIZE", Kind::Number, 1, INT32_MAX},
      {"NEURON_RT_LOW_LATENCY_TASKS_CPU_AFFINITY", Kind::Text},
      {"NEURON_RT_ONE_THREAD_PER_CORE", Kind::Flag},
      {"NEURON_RT_RANKS_PER_NETWORK_PROXY", Kind::Number, 0, INT32_MAX},
      {"NEURON_RT_PRECACHE_ENABLE", Kind::Flag},
      {"NEURON_RT_MAP_HBM", Kind::Flag},
      {"NEURON_RT_REGISTER_HBM_MR", Kind::Flag},
      {"NEURON_RT_ASYNC_SENDRECV_EXPERIMENTAL_ENABLED", Kind::Flag},
      {"NEURON_RT_ASYNC_SENDRECV_BOOTSTRAP_PORT", Kind::Number, 1, kMaxPort},
  };  // never destroyed: nrt_init may run while the process ends
  return *rows;
}

void check_variable(const VariableRow& row, const std::string& value) {
  switch (row.kind) {
    case Kind::Number:
      return check_number(row, value);
    case Kind::Flag:
      if (!value.empty() && value != "0" && value != "1" && value != "false" && value != "true") {
        refuse(row, value, "0 or 1");
      }
      return;
    case Kind::Choice:
      return check_choice(row, value);
    case Kind::HostPort:
      return check_host_port(row, value);
    case Kind::Text:
      return;
  }
}

}  // namespace nsim::rt
