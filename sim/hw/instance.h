// SPDX-License-Identifier: Apache-2.0
// The simulated instance: its devices, host memory and programs, behind the interface that the
// runtime's driver sees (hardware.h).
#pragma once

#include <memory>
#include <systemc>
#include <vector>

#include "sim/hw/device.h"
#include "sim/hw/hardware.h"
#include "sim/hw/host_timer.h"

namespace nsim::hw {

class Instance : public sc_core::sc_module, public Hardware {
 public:
  Instance(sc_core::sc_module_name name, std::shared_ptr<const InstanceParams> params,
           TraceSet& traces);

  const Topology& topology() const override { return topology_; }
  isa::Limits limits() const override { return limits_of(*params_); }
  bool numerics() const override { return params_->numerics; }

  std::uint64_t unit_registers(UnitAddress unit) const override;
  void write_register(std::uint64_t address, std::uint64_t value) override;
  void fence(int device, std::function<void()> answered) override;
  void on_interrupt(std::function<void(UnitAddress)> handler) override;

  std::uint64_t load_program(int core, std::shared_ptr<const isa::Streams> streams,
                             std::uint32_t model_id, std::uint64_t code) override;
  void unload_program(std::uint64_t id) override { programs_.remove(id); }

  std::byte* pointer(std::uint64_t address, std::uint64_t bytes) override;
  void on_timer(std::function<void()> handler) override { timer_.on_timer(std::move(handler)); }
  void set_timer(SimTime delay) override { timer_.set(delay); }
  bool at_rest() const override { return HostTimer::at_rest(); }
  bool answers(int device) const override;
  void add_faults(const std::vector<FaultRule>& rules) override;
  void inject(UnitAddress unit, DeviceError error, std::uint64_t skip) override;
  void record_paths(PathHandler handler) override;
  SimTime host_deadline() const override { return deadlines_.earliest(); }
  void on_host_wait(std::function<void(UnitAddress, bool)> handler) override {
    deadlines_.on_change(std::move(handler));
  }
  void expire_host_deadlines() override { deadlines_.expire(); }
  void report(StatsScope stats) const override;

 private:
  Device& device_of(UnitAddress unit);
  /// True: a fault keeps the register write from arriving.
  bool loses(const Location& location, std::uint64_t value);

  const std::shared_ptr<const InstanceParams> params_;
  TraceSet& traces_;
  const AddressMap map_;
  ProgramStore programs_;
  HostMemory host_memory_{"host_memory"};
  std::unique_ptr<NeuronLink> links_;  // nullptr: devices are alone
  HostDeadlines deadlines_;
  std::unique_ptr<CcMail> mail_;
  HostTimer timer_{"host_timer"};
  Faults faults_;
  std::vector<std::unique_ptr<Device>> devices_;
  Topology topology_;
};

}  // namespace nsim::hw
