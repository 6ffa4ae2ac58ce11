// SPDX-License-Identifier: Apache-2.0
// A whole simulated instance on the bench, with the smallest driver: it writes descriptors into a
// ring in host memory, rings the doorbell, and reads the notification ring when the interrupt
// comes.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sim/base/config.h"
#include "sim/base/trace.h"
#include "sim/hw/hardware.h"
#include "sim/hw/time.h"
#include "tests/support/fresh_kernel.h"

namespace nsim::test {

inline std::uint64_t host_address(const void* pointer) {
  return hw::kHostWindow | reinterpret_cast<std::uint64_t>(pointer);
}

class InstanceBench {
 public:
  /// One entry that the driver read, and when it did.
  struct Entry {
    hw::Notification notification;
    SimTime at = 0;
  };

  explicit InstanceBench(const std::string& config = "",
                         std::initializer_list<const char*> settings = {},
                         const std::string& trace_directory = "")
      : traces_(trace_directory.empty() ? TraceSet() : TraceSet(trace_directory)) {
    Config parsed = config.empty() ? Config() : Config::load(config);
    for (const char* setting : settings) {
      parsed.set(setting);
    }
    auto params = hw::Hardware::resolve(parsed);
    parsed.finish();
    hardware_ = hw::Hardware::create(params, traces_);
    hardware_->on_interrupt([this](hw::UnitAddress address) { drain(unit(address)); });
  }
  ~InstanceBench() { hardware_.reset(); }

  hw::Hardware& hardware() { return *hardware_; }
  FreshKernel& kernel() { return kernel_; }
  TraceSet& traces() { return traces_; }

  /// Queues a request; they get the tags 1, 2, ... of their unit.
  void submit(hw::UnitAddress address, hw::RequestDescriptor descriptor) {
    Unit& to = unit(address);
    descriptor.tag = static_cast<std::uint32_t>(++to.written);
    to.ring[(to.written - 1) % to.ring.size()] = descriptor;
    hardware_->write_register(to.registers + hw::kDoorbell, to.written);
  }
  void write_register(hw::UnitAddress address, hw::UnitRegister which, std::uint64_t value) {
    hardware_->write_register(unit(address).registers + which, value);
  }
  /// Everything the driver has read from the unit's notification ring, in order.
  const std::vector<Entry>& entries(hw::UnitAddress address) { return unit(address).entries; }
  void forget_entries(hw::UnitAddress address) { unit(address).entries.clear(); }
  /// Errors of all requests that are over, in order; None for those without.
  std::vector<hw::DeviceError> results(hw::UnitAddress address) {
    std::vector<hw::DeviceError> all;
    hw::DeviceError error = hw::DeviceError::None;
    for (const Entry& entry : entries(address)) {
      if (entry.notification.type == hw::NotificationType::Error) {
        error = entry.notification.error;
      } else if (entry.notification.type == hw::NotificationType::Notify) {
        all.push_back(error);
        error = hw::DeviceError::None;
      }
    }
    return all;
  }
  /// The driver stops to acknowledge what it read.
  void stop_acknowledging() { acknowledge_ = false; }

  void run() { kernel_.run(); }
  double stat(const std::string& name) {
    Stats stats;
    hardware_->report(StatsScope(stats));
    return stats.value(name);
  }

  /// The first free byte of the HBM stack of a logical core.
  std::uint64_t hbm(int core = 0) {
    const hw::Topology& topology = hardware_->topology();
    const hw::HbmRegion& region =
        topology
            .hbm[static_cast<std::size_t>(topology.hbm_of_core[static_cast<std::size_t>(core)])];
    return region.base + region.reserved;
  }

  static constexpr std::size_t kRing = 16;
  static constexpr std::size_t kNotifications = 64;

 private:
  struct Unit {
    std::uint64_t registers = 0;
    std::vector<hw::RequestDescriptor> ring;
    std::vector<hw::Notification> notifications;
    std::uint64_t written = 0;
    std::uint64_t read = 0;
    std::vector<Entry> entries;
  };

  Unit& unit(hw::UnitAddress address) {
    const int key =
        (address.core * hw::kUnitTypeCount + static_cast<int>(address.type)) * 16 + address.queue;
    std::unique_ptr<Unit>& found = units_[key];
    if (!found) {
      found = std::make_unique<Unit>();
      found->registers = hardware_->unit_registers(address);
      found->ring.resize(kRing);
      found->notifications.resize(kNotifications);
      const std::uint64_t base = found->registers;
      hardware_->write_register(base + hw::kRingBase, host_address(found->ring.data()));
      hardware_->write_register(base + hw::kRingSize, kRing);
      hardware_->write_register(base + hw::kNotifyBase, host_address(found->notifications.data()));
      hardware_->write_register(base + hw::kNotifySize, kNotifications);
    }
    return *found;
  }

  void drain(Unit& from) {
    while (true) {
      const hw::Notification& entry = from.notifications[from.read % kNotifications];
      if (entry.phase != 1 - (from.read / kNotifications) % 2) {
        break;
      }
      from.entries.push_back({entry, hw::now()});
      ++from.read;
    }
    if (acknowledge_) {
      hardware_->write_register(from.registers + hw::kNotifyHead, from.read);
    }
  }

  FreshKernel kernel_;
  TraceSet traces_;
  std::shared_ptr<hw::Hardware> hardware_;
  std::map<int, std::unique_ptr<Unit>> units_;
  bool acknowledge_ = true;
};

inline hw::RequestDescriptor copy_request(std::uint64_t destination, std::uint64_t source,
                                          std::uint64_t bytes) {
  hw::RequestDescriptor descriptor;
  descriptor.opcode = hw::RequestOpcode::Copy;
  descriptor.source = source;
  descriptor.destination = destination;
  descriptor.size = bytes;
  return descriptor;
}
inline hw::UnitAddress unit(hw::UnitType type, int core = 0) {
  return {static_cast<std::uint16_t>(core), type, 0};
}

}  // namespace nsim::test
