// SPDX-License-Identifier: Apache-2.0
// What the runtime's driver sees of a simulated instance: registers, interrupts, host memory, and
// what a loader needs. Free of SystemC, so that nothing above sim/hw includes it. Simulation thread
// only, except where said otherwise.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "sim/base/config.h"
#include "sim/base/stats.h"
#include "sim/base/trace.h"
#include "sim/base/units.h"
#include "sim/hw/fault_plan.h"
#include "sim/hw/request.h"
#include "sim/hw/request_path.h"
#include "sim/isa/expand.h"
#include "sim/isa/stream.h"

namespace nsim::hw {

struct InstanceParams;  // instance_params.h: all parameters of the hardware

/// One HBM stack as an allocator sees it.
struct HbmRegion {
  int device = 0;
  int stack = 0;
  std::uint64_t base = 0;  // device-visible address of the first byte
  std::uint64_t bytes = 0;
  std::uint64_t reserved = 0;  // firmware carve-out at its start
  std::byte* storage =
      nullptr;  // the backing bytes, CPU-addressable and coherent; pages appear on first touch
};

struct Topology {
  std::string name;    // instance name, e.g. "trn2.3xlarge"
  std::string target;  // architecture: "trn1", "trn2", ...
  int devices = 1;
  int cores_per_device = 2;   // physical
  int cores_per_logical = 1;  // LNC
  int dma_engines = 16;       // of a physical core
  int logical_cores = 2;      // of the instance
  std::vector<HbmRegion> hbm;
  std::vector<int> hbm_of_core;  // logical core -> index into hbm
};

class Hardware {
 public:
  /// Reads every hardware parameter of `config` ([instance], [device], ...). `numerics` off touches
  /// no tensor data.
  static std::shared_ptr<const InstanceParams> resolve(Config& config);
  /// What follows from the parameters alone, without building anything.
  static Topology topology_of(const InstanceParams& params);
  static isa::Limits limits_of(const InstanceParams& params);
  static bool numerics_of(const InstanceParams& params);
  /// Builds the modules; call inside Kernel's build function. `traces` outlives the hardware.
  static std::shared_ptr<Hardware> create(std::shared_ptr<const InstanceParams> params,
                                          TraceSet& traces);
  virtual ~Hardware() = default;

  /// Any thread: what does not change.
  virtual const Topology& topology() const = 0;
  virtual isa::Limits limits() const = 0;
  virtual bool numerics() const = 0;

  /// Base address of a unit's register block.
  virtual std::uint64_t unit_registers(UnitAddress unit) const = 0;
  /// Posted write of a register over the host link: takes effect on the device after the link's
  /// latency.
  virtual void write_register(std::uint64_t address, std::uint64_t value) = 0;
  /// Reads a register of `device` for the sake of order: `answered` runs on the simulation thread
  /// when every register write before it has taken effect, and all that the device had sent by then
  /// is in host memory. Never when the device stops answering first.
  virtual void fence(int device, std::function<void()> answered) = 0;
  /// `handler` runs on the simulation thread when the interrupt of a unit arrives at the host.
  virtual void on_interrupt(std::function<void(UnitAddress)> handler) = 0;

  /// Makes a program known to the cores of logical core `core`; `model_id` names its device trace,
  /// `code` is where its instructions lie in HBM. The id goes into RequestDescriptor::program.
  virtual std::uint64_t load_program(int core, std::shared_ptr<const isa::Streams> streams,
                                     std::uint32_t model_id, std::uint64_t code) = 0;
  virtual void unload_program(std::uint64_t id) = 0;

  /// Backdoor: CPU pointer to `bytes` at a device-visible address (HBM or host window), nullptr
  /// when it is not wholly inside one region.
  virtual std::byte* pointer(std::uint64_t address, std::uint64_t bytes) = 0;

  /// The host's timer: `handler` runs on the simulation thread `delay` after set_timer(); a later
  /// setting replaces an earlier one, kNever takes it back.
  virtual void on_timer(std::function<void()> handler) = 0;
  virtual void set_timer(SimTime delay) = 0;
  /// In the timer's handler: true when nothing will happen in the simulation any more by itself.
  virtual bool at_rest() const = 0;
  /// False: registers of the device read as all ones.
  virtual bool answers(int device) const = 0;

  /// Adds to the fault plan of the configuration.
  virtual void add_faults(const std::vector<FaultRule>& rules) = 0;
  /// Injects: the next time `unit` starts a request after `skip` more, it fails with `error` ("now"
  /// phase).
  virtual void inject(UnitAddress unit, DeviceError error, std::uint64_t skip) = 0;

  /// From now on `handler` gets the critical path of every request that succeeds, when it ends on
  /// its unit: on the simulation thread, in the order of ends. Costs memory for every instruction
  /// and transfer of a request.
  virtual void record_paths(PathHandler handler) = 0;

  /// When the first request ends that waits for what only the host can bring, a rank of a
  /// collective; kNever: there is none. It is no event: simulated time does not go there by itself
  /// before expire_host_deadlines().
  virtual SimTime host_deadline() const = 0;
  /// `handler` hears of a unit that begins to wait for the host in this way, or no longer does.
  virtual void on_host_wait(std::function<void(UnitAddress, bool)> handler) = 0;
  virtual void expire_host_deadlines() = 0;

  /// All statistics of the hardware, names "nd<d>.nc<c>.<engine>.busy" and so on.
  virtual void report(StatsScope stats) const = 0;
};

/// Bytes of HBM the instructions of one physical core occupy; what the loader reserves for `code`.
std::int64_t code_bytes(const isa::CoreStreams& streams);

}  // namespace nsim::hw
