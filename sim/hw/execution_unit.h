// SPDX-License-Identifier: Apache-2.0
// An execution unit: takes request descriptors from a ring in host memory, one after the other, and
// reports each through a notification ring in host memory and an interrupt.
//
// Data flow: doorbell register -> descriptors (and binding tables) are fetched over the host link,
// a few ahead -> Trace entry, start: a program on the NeuronCores of the logical core, a copy or
// fill on the host DMA engine, a collective on the unit's stream -> [Error entry,] Notify entry,
// interrupt -> the next descriptor, without waiting for the host. A fatal error halts the unit
// until it is reset: nothing behind the failed request starts.
//
// While a collective waits for ranks that are not there its watchdog is a deadline of the host's
// (host_deadlines.h).
#pragma once

#include <tlm_utils/simple_initiator_socket.h>
#include <cstdint>
#include <memory>
#include <string>
#include <systemc>
#include <tlm>
#include <vector>

#include "sim/base/params.h"
#include "sim/base/stats.h"
#include "sim/base/trace.h"
#include "sim/base/waves.h"
#include "sim/hw/address_map.h"
#include "sim/hw/cc_stream.h"
#include "sim/hw/descriptor_ring.h"
#include "sim/hw/dge.h"
#include "sim/hw/faults.h"
#include "sim/hw/host_deadlines.h"
#include "sim/hw/host_dma.h"
#include "sim/hw/injections.h"
#include "sim/hw/interrupts.h"
#include "sim/hw/moments.h"
#include "sim/hw/neuron_core.h"
#include "sim/hw/notify_ring.h"
#include "sim/hw/program_store.h"
#include "sim/hw/request.h"

namespace nsim::hw {

struct ExecutionUnitParams {
  explicit ExecutionUnitParams(ParamScope scope);  // [execution_unit]
  std::int64_t prefetch;                           // descriptors fetched ahead
  SimTime launch_latency;                          // from the start of a request to its first work
  bool dge_notifications;  // an entry for each DMA instruction's descriptors
};

/// A physical core as a unit drives it.
struct CoreParts {
  NeuronCore* core = nullptr;
  Dge* dge = nullptr;
  int index = 0;  // within the device
};

/// What a unit works with; everything outlives it.
struct UnitParts {
  const AddressMap* map = nullptr;
  const ProgramStore* programs = nullptr;
  Interrupts* interrupts = nullptr;
  Faults* faults = nullptr;
  HostDma* dma = nullptr;
  CcStream* stream = nullptr;  // of units that do collectives
  HostDeadlines* deadlines = nullptr;
  Trace* trace = nullptr;        // the system's
  TrackId trace_process = 0;     // the hardware's group in it
  int ring = 0;                  // of the host DMA engine
  std::vector<CoreParts> cores;  // of the logical core
};

class ExecutionUnit : public sc_core::sc_module, private DescriptorListener {
 public:
  ExecutionUnit(sc_core::sc_module_name name, const ExecutionUnitParams& params,
                UnitAddress address, UnitParts parts);

  /// To the fabric: rings in host memory.
  tlm_utils::simple_initiator_socket<ExecutionUnit> mem{"mem"};

  UnitAddress address() const { return address_; }
  void write_register(std::uint64_t offset, std::uint64_t value);
  /// Fault injection: after `skip` more requests, one fails with `error`.
  void inject(DeviceError error, std::uint64_t skip) { injections_.add(error, skip); }
  /// From now on `handler` gets the critical path of every request that the unit began, when it
  /// ends or the unit is reset.
  void record_paths(PathHandler handler);

  /// Signals <scope>.depth, requests that the host has written and that have not ended, and
  /// <scope>.busy.
  void watch(Waves& waves, const std::string& scope);

  void report(StatsScope stats) const;

 private:
  // Getting work.
  DescriptorRing::Transaction access_host(tlm::tlm_command command, std::uint64_t address,
                                          void* data, std::size_t bytes, const FaultSite& site);
  void schedule_next();

  // One request after the other.
  void begin();
  void run();
  void run_program();
  void run_copy();
  void run_collective();
  void start_watchdog();
  void watch();
  bool valid_program(const LoadedProgram* program) const;
  bool valid_copy() const;
  bool valid_collective(const Collective& collective) const;
  void core_done(std::uint64_t run, DeviceError error, MomentId last);
  void time_out();
  void tell_standstill() const;
  void finish(DeviceError error);
  void reset();

  // Why it takes so long.
  void begin_path();
  /// Something of the request is over; 0: nobody asks.
  MomentId follow(PathKind kind, MomentId cause);
  void hand_over_path(DeviceError error);

  // Telling the host.
  bool notify(NotificationType type, DeviceError error);
  bool post(NotificationType type, DeviceError error);
  bool descriptors_generated() override;
  void interrupt();
  Origin origin() const { return {address_, current_.number}; }
  bool strikes(FaultPoint point, FaultPhase phase) const;
  void show();

  const ExecutionUnitParams params_;
  const UnitAddress address_;
  const UnitParts parts_;
  std::vector<int> core_numbers_;  // of the physical cores

  DescriptorRing ring_;
  SimTime timeout_ = 0;
  SimTime deadline_ = 0;  // of the current request
  NotifyRing notify_ring_;
  bool halted_ = false;
  bool busy_ = false;

  FetchedRequest current_;
  FaultPhase writing_ = FaultPhase::Issue;  // what the notification being written is for
  ScatterList site_;                        // tells fault points whose transaction it is
  std::uint64_t run_ = 0;  // counts requests; late events of an earlier one are dropped
  SimTime started_ = 0;
  int cores_left_ = 0;
  DeviceError core_error_ = DeviceError::None;
  ExecutionContext context_;
  std::shared_ptr<const isa::Streams> streams_;  // of the program that runs
  DeviceError injected_ = DeviceError::None;     // into the current request
  Injections injections_;

  PathHandler paths_;
  std::unique_ptr<Moments> moments_;  // nullptr: nobody asks
  bool path_open_ = false;            // begun and not handed over
  MomentId launched_ = 0;
  MomentId ended_ = 0;

  sc_core::sc_event next_;
  sc_core::sc_event launch_;
  sc_core::sc_event watchdog_;

  std::int64_t requests_ = 0;
  std::int64_t failed_ = 0;
  std::int64_t copied_bytes_ = 0;
  SimTime busy_time_ = 0;
  Wave depth_wave_;
  Wave busy_wave_;
};

}  // namespace nsim::hw
