// SPDX-License-Identifier: Apache-2.0
#include "runtime/severity.h"

#include <algorithm>
#include <utility>

namespace nsim::rt {
namespace {

struct NameRow {
  hw::DeviceError error;
  const char* name;
  FaultScope scope;
};

// The contract speaks of execution units; that more of a core or device is lost is for a
// configuration to say, except when nothing of the device answers.
constexpr NameRow kNames[] = {
    {hw::DeviceError::Hang, "hang", FaultScope::Unit},
    {hw::DeviceError::HbmUncorrectable, "hbm_uncorrectable", FaultScope::Unit},
    {hw::DeviceError::HbmRepairable, "hbm_repairable", FaultScope::Unit},
    {hw::DeviceError::SramParity, "sram_parity", FaultScope::Unit},
    {hw::DeviceError::DmaAbort, "dma_abort", FaultScope::Unit},
    {hw::DeviceError::NotificationOverflow, "notification_overflow", FaultScope::Unit},
    {hw::DeviceError::CollectiveStuck, "collective_stuck", FaultScope::Unit},
    {hw::DeviceError::HostLinkTimeout, "host_link_timeout", FaultScope::Unit},
    {hw::DeviceError::NotificationCorrupted, "notification_corrupted", FaultScope::Unit},
    {hw::DeviceError::DeviceGone, "device_gone", FaultScope::Device},
};

constexpr std::pair<const char*, FaultScope> kScopes[] = {
    {"unit", FaultScope::Unit}, {"core", FaultScope::Core}, {"device", FaultScope::Device}};
constexpr std::pair<const char*, FaultEnd> kEnds[] = {
    {"init", FaultEnd::Init}, {"restart", FaultEnd::Restart}, {"reload", FaultEnd::Reload}};

template <class Table>
auto value_of(const Table& table, const std::string& name) {
  return std::find_if(std::begin(table), std::end(table),
                      [&](const auto& row) { return name == row.first; })
      ->second;
}

}  // namespace

SeverityParams::SeverityParams(ParamScope scope) {
  for (const NameRow& row : kNames) {
    const ParamScope own = scope.table(row.name).from(
        "assumed: Neuron async best practices, failures are per execution unit");
    Severity& severity = of[static_cast<std::size_t>(row.error)];
    severity.scope =
        value_of(kScopes, own.choice("scope", kScopes[static_cast<std::size_t>(row.scope)].first,
                                     {"unit", "core", "device"},
                                     "Whose units this error makes unrecoverable"));
    severity.until = value_of(
        kEnds, own.choice("until", "init", {"init", "restart", "reload"},
                          "What makes them usable again: nrt_init, a new process, or a reload "
                          "of the driver"));
  }
}

const char* error_name(hw::DeviceError error) {
  for (const NameRow& row : kNames) {
    if (row.error == error) {
      return row.name;
    }
  }
  return nullptr;
}

DeviceHealth& DeviceHealth::of_process() {
  static DeviceHealth* const instance = new DeviceHealth;  // calls may come while the process ends
  return *instance;
}

void DeviceHealth::add(Degradation degradation) {
  const std::lock_guard<std::mutex> lock(mutex_);
  known_.push_back(std::move(degradation));
}

void DeviceHealth::add(const hw::Topology& topology, const hw::UnitAddress& unit,
                       hw::DeviceError error, const Severity& severity) {
  const bool device = severity.scope == FaultScope::Device;
  const int first = unit.core * topology.cores_per_logical;
  const int per_device = topology.cores_per_device;
  add({topology.name, severity, unit, device ? first / per_device * per_device : first,
       device ? per_device : topology.cores_per_logical, error == hw::DeviceError::DeviceGone});
}

bool DeviceHealth::degraded(const hw::Topology& topology, const hw::UnitAddress& unit) const {
  return degraded(unit, unit.core * topology.cores_per_logical, topology.cores_per_logical);
}

void DeviceHealth::initialise(const std::string& instance, bool reset_cores) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto over = [&](const Degradation& known) {
    const bool reset = reset_cores || known.severity.scope == FaultScope::Unit;
    return known.instance != instance || (known.severity.until == FaultEnd::Init && reset);
  };
  known_.erase(std::remove_if(known_.begin(), known_.end(), over), known_.end());
}

bool DeviceHealth::degraded(const hw::UnitAddress& unit, int first_core, int cores) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return std::any_of(known_.begin(), known_.end(), [&](const Degradation& known) {
    const bool overlaps =
        first_core < known.first_core + known.cores && known.first_core < first_core + cores;
    const bool same = known.unit.type == unit.type && known.unit.queue == unit.queue;
    const bool reached = known.severity.scope == FaultScope::Unit
                             ? same
                             : !hw::copies_for_host(unit) || known.device_gone;
    return overlaps && reached;
  });
}

void DeviceHealth::reload() {
  const std::lock_guard<std::mutex> lock(mutex_);
  known_.clear();
}

}  // namespace nsim::rt
