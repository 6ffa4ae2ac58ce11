// SPDX-License-Identifier: Apache-2.0
// One device: creates and binds its parts, and nothing else. Structure:
//
//   host port --- registers --> execution units --+
//                                                 v
//   per core: NeuronCore + SBUF window, Dge,   fabric --- HBM stacks
//             DMA engines    -------------------> |  \--- SBUF windows
//   per stack: host DMA engine -----------------> |   \-- host link --- host memory
//                                                 \------ links to other devices
//
// Per unit for collectives there is a CcStream, which runs on one of the device's collectives cores
// and moves data with the DMA engines of the unit's cores.
#pragma once

#include <tlm_utils/simple_target_socket.h>
#include <memory>
#include <systemc>
#include <tlm>
#include <vector>

#include "sim/base/stats.h"
#include "sim/base/trace.h"
#include "sim/base/waves.h"
#include "sim/hw/cc_stream.h"
#include "sim/hw/execution_unit.h"
#include "sim/hw/host_memory.h"
#include "sim/hw/host_port.h"
#include "sim/hw/instance_params.h"
#include "sim/hw/neuron_link.h"

namespace nsim::hw {

class Device : public sc_core::sc_module {
 public:
  /// What the parts of all devices share; outlives them.
  struct Shared {
    const InstanceParams* params = nullptr;
    const AddressMap* map = nullptr;
    const ProgramStore* programs = nullptr;
    HostMemory* host_memory = nullptr;
    NeuronLink* links = nullptr;  // nullptr: the device is alone
    CcMail* mail = nullptr;
    HostDeadlines* deadlines = nullptr;
    Faults* faults = nullptr;
    Trace* trace = nullptr;
    TrackId trace_process = 0;
  };

  Device(sc_core::sc_module_name name, int index, const Shared& shared);
  ~Device() override;

  HostPort& host_port() { return port_; }
  Interrupts& interrupts() { return interrupts_; }
  Link& link() { return link_; }
  const Link& link() const { return link_; }
  Hbm& hbm(int stack) { return *stacks_[static_cast<std::size_t>(stack)]; }
  ExecutionUnit& unit(UnitAddress address);
  /// Signals of everything below "nd<index>".
  void watch(Waves& waves);
  void record_paths(const PathHandler& handler);
  void report(StatsScope stats) const;

  static int units_per_device(const InstanceParams& params);
  /// Number of a unit in its device's register window, -1: there is no such unit.
  static int unit_index(const InstanceParams& params, UnitAddress address);
  /// The unit of that number.
  UnitAddress unit_at(std::uint64_t index) const { return units_[index]->address(); }

 private:
  struct Core;

  void build_memory(const Shared& shared);
  void build_core(int core, const Shared& shared);
  void build_units(int logical_core, const Shared& shared);
  CcStream* build_stream(UnitAddress unit, const Shared& shared);
  void bind_fabric(const Shared& shared);
  void write_register(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);

  const InstanceParams& params_;
  const AddressMap& map_;
  const int index_;
  tlm_utils::simple_target_socket<Device> reg_{"reg"};
  Link link_;
  HostPort port_;
  Interrupts interrupts_;
  Fabric fabric_;
  std::vector<std::unique_ptr<Hbm>> stacks_;
  std::vector<std::unique_ptr<HostDma>> host_dma_;  // one per stack
  std::vector<std::unique_ptr<Core>> cores_;
  std::vector<std::unique_ptr<CcCore>> cc_cores_;
  std::vector<std::unique_ptr<CcStream>> streams_;
  std::vector<std::unique_ptr<ExecutionUnit>> units_;  // by unit_index
};

}  // namespace nsim::hw
