// SPDX-License-Identifier: Apache-2.0
// How far a fatal fault reaches, and how long: the severity of each kind of device error, and what
// outlives a session because of it.
#pragma once

#include <array>
#include <mutex>
#include <string>
#include <vector>

#include "sim/base/params.h"
#include "sim/hw/hardware.h"
#include "sim/hw/request.h"

namespace nsim::rt {

/// Which units become unrecoverable: the one that met the fault, all of its logical core, all of
/// its device. The driver's own unit for synchronous copies is among them only when the device does
/// not answer any more (R65).
enum class FaultScope : std::uint8_t { Unit, Core, Device };
/// Until when: the next nrt_init, the end of the process, or a reload of the driver.
enum class FaultEnd : std::uint8_t { Init, Restart, Reload };

struct Severity {
  FaultScope scope = FaultScope::Unit;
  FaultEnd until = FaultEnd::Init;
};

struct SeverityParams {
  SeverityParams() = default;
  explicit SeverityParams(ParamScope scope);  // [severity.<error>]
  std::array<Severity, hw::kDeviceErrorCount> of{};

  const Severity& operator[](hw::DeviceError error) const {
    return of[static_cast<std::size_t>(error)];
  }
};

/// The name of a fatal error in configurations; nullptr for the others.
const char* error_name(hw::DeviceError error);

/// A fault that degraded units, by the physical cores that it reached.
struct Degradation {
  std::string instance;
  Severity severity;
  hw::UnitAddress unit;
  int first_core = 0;  // physical, of the instance
  int cores = 0;
  bool device_gone = false;
};

/// What the process remembers of the state of the devices between sessions. Any thread.
class DeviceHealth {
 public:
  static DeviceHealth& of_process();

  /// A fatal error was met at `unit`.
  void add(const hw::Topology& topology, const hw::UnitAddress& unit, hw::DeviceError error,
           const Severity& severity);
  void add(Degradation degradation);
  /// nrt_init: forgets what ends with it. Cores that are not reset stay as they are, and so do
  /// faults of a core or device.
  void initialise(const std::string& instance, bool reset_cores);
  /// Whether the unit, of a logical core of `cores` physical ones from `first_core` on, is
  /// degraded.
  bool degraded(const hw::UnitAddress& unit, int first_core, int cores) const;
  bool degraded(const hw::Topology& topology, const hw::UnitAddress& unit) const;
  /// The driver is reloaded: everything is forgotten.
  void reload();

 private:
  mutable std::mutex mutex_;
  std::vector<Degradation> known_;
};

}  // namespace nsim::rt
