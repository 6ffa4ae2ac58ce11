// SPDX-License-Identifier: Apache-2.0
#include "runtime/counters.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace nsim::rt {
namespace {

using Json = nlohmann::ordered_json;

enum Index : std::size_t {
  kSuccess,
  kFailure,
  kTimeout,
  kBadInput,
  kHardware,
  kQueueFull,
  kCores,
  kNeffVersion,
  kWithError,
  kInvalid,
  kOutOfBounds,
  kGeneric,
  kNumerical,
  kResource
};

constexpr std::array<const char*, kStatusCounters> kNames = {"success",
                                                             "failure",
                                                             "timeout",
                                                             "exec_bad_input",
                                                             "hw_error",
                                                             "infer_failed_to_queue",
                                                             "resource_nc_error",
                                                             "unsupported_neff_version",
                                                             "infer_completed_with_error",
                                                             "invalid_error",
                                                             "oob_error",
                                                             "generic_error",
                                                             "infer_completed_with_num_error",
                                                             "resource_error"};

constexpr std::pair<NRT_STATUS, Index> kOfStatus[] = {
    {NRT_SUCCESS, kSuccess},
    {NRT_FAILURE, kFailure},
    {NRT_TIMEOUT, kTimeout},
    {NRT_EXEC_BAD_INPUT, kBadInput},
    {NRT_HW_ERROR, kHardware},
    {NRT_EXEC_HW_ERR_COLLECTIVES, kHardware},
    {NRT_EXEC_HW_ERR_HBM_UE, kHardware},
    {NRT_EXEC_HW_ERR_NC_UE, kHardware},
    {NRT_EXEC_HW_ERR_DMA_ABORT, kHardware},
    {NRT_EXEC_HW_ERR_REPAIRABLE_HBM_UE, kHardware},
    {NRT_QUEUE_FULL, kQueueFull},
    {NRT_EXEC_NC_BUSY, kCores},
    {NRT_LOAD_NOT_ENOUGH_NC, kCores},
    {NRT_UNSUPPORTED_NEFF_VERSION, kNeffVersion},
    {NRT_EXEC_COMPLETED_WITH_ERR, kWithError},
    {NRT_INVALID, kInvalid},
    {NRT_INVALID_HANDLE, kInvalid},
    {NRT_EXEC_OOB, kOutOfBounds},
    {NRT_EXEC_COMPLETED_WITH_NUM_ERR, kNumerical},
    {NRT_RESOURCE, kResource},
};

Json core_json(const CoreCounters& core) {
  Json status = Json::object();
  for (std::size_t i = 0; i < kStatusCounters; ++i) {
    status[kNames[i]] = core.status[i];
  }
  return {{"status", std::move(status)},
          {"inference_count", core.inference_count},
          {"model_load_count", core.model_load_count},
          {"flop_count", core.flop_count},
          {"nc_time_in_use_ns", core.time_in_use / kNanosecond},
          {"reset_req_count", 0},  // cores are not reset while a session lasts
          {"reset_fail_count", 0}};
}

Json memory_json(const CounterRecord::Stack& stack) {
  Json uses = Json::object();
  for (std::size_t use = 0; use < stack.bytes.size(); ++use) {
    uses[memory_use_name(static_cast<MemoryUse>(use))] = stack.bytes[use];
  }
  return uses;
}

}  // namespace

std::size_t status_counter(NRT_STATUS status) {
  for (const auto& [each, index] : kOfStatus) {
    if (each == status) {
      return index;
    }
  }
  return kGeneric;
}

const char* status_counter_name(std::size_t index) {
  return kNames[index];
}

CoreCounters& Counters::of(int core) {
  const auto index = static_cast<std::size_t>(core - first_core_);
  return cores_[core >= first_core_ && index < cores_.size() ? index : 0];
}

void Counters::executed(int core, NRT_STATUS status, SimTime busy, double flops) {
  const std::lock_guard<std::mutex> lock(mutex_);
  CoreCounters& counters = of(core);
  ++counters.status[status_counter(status)];
  ++counters.inference_count;
  counters.time_in_use += busy;
  counters.flop_count += status == NRT_SUCCESS ? flops : 0;
}

void Counters::refused(int core, NRT_STATUS status) {
  const std::lock_guard<std::mutex> lock(mutex_);
  ++of(core).status[status_counter(status)];
}

void Counters::loaded(int core) {
  const std::lock_guard<std::mutex> lock(mutex_);
  ++of(core).model_load_count;
}

std::vector<CoreCounters> Counters::values() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return cores_;
}

CounterRecord Counters::record(const std::vector<std::shared_ptr<HbmPool>>& pools) const {
  CounterRecord record{first_core_, values(), {}};
  for (const std::shared_ptr<HbmPool>& pool : pools) {
    CounterRecord::Stack stack;
    stack.name = fmt::format("nd{}.hbm{}", pool->region().device, pool->region().stack);
    for (const HbmBlock& block : pool->blocks()) {
      stack.bytes[static_cast<std::size_t>(block.use)] += block.bytes;
    }
    record.memory.push_back(std::move(stack));
  }
  return record;
}

Json counters_json(const CounterRecord& record) {
  Json cores = Json::object();
  for (std::size_t core = 0; core < record.cores.size(); ++core) {
    cores[std::to_string(record.first_core + static_cast<int>(core))] =
        core_json(record.cores[core]);
  }
  Json memory = Json::object();
  for (const CounterRecord::Stack& stack : record.memory) {
    memory[stack.name] = memory_json(stack);
  }
  return {{"neuroncore_counters", std::move(cores)},
          {"memory_usage", {{"device_mem", std::move(memory)}}}};
}

}  // namespace nsim::rt
