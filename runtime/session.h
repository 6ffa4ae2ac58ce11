// SPDX-License-Identifier: Apache-2.0
// A session: what lives from nrt_init to nrt_close. It owns the simulation, the unit queues and
// every object of the client.
//
// Threads: host threads call schedule(), run(), wait() and the tables; the simulation thread runs
// the driver and the listener. Lock order: session, unit queue, door; no lock is held while
// simulating.
#pragma once

#include <nrt/nrt_async_types.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "runtime/client_checks.h"
#include "runtime/communicators.h"
#include "runtime/core_dump.h"
#include "runtime/core_range.h"
#include "runtime/counters.h"
#include "runtime/driver.h"
#include "runtime/env.h"
#include "runtime/error_tracker.h"
#include "runtime/handle_table.h"
#include "runtime/inspection.h"
#include "runtime/loaded_model.h"
#include "runtime/memory.h"
#include "runtime/memory_ledger.h"
#include "runtime/options.h"
#include "runtime/parameters.h"
#include "runtime/profiles.h"
#include "runtime/recorder.h"
#include "runtime/report.h"
#include "runtime/substitution.h"
#include "runtime/sys_trace.h"
#include "runtime/tensor.h"
#include "sim/base/clock.h"
#include "sim/base/kernel.h"
#include "sim/isa/program.h"

struct nrta_error_tracker;  // of the public header of generation A

namespace nsim::rt {

struct CcContext;
class HostExchange;

/// The client's objects by handle.
struct Objects {
  HandleTable<Tensor, nrt_tensor_t> tensors{"tensor"};
  HandleTable<TensorSet, nrt_tensor_set_t> tensor_sets{"tensor set"};
  HandleTable<LoadedModel, nrt_model_t> models{"model"};
  HandleTable<ErrorTracker, nrta_error_tracker> trackers{"error tracker"};
  HandleTable<CcContext, nrt_cc_context_t> contexts{"collective context"};
};

class Session : private RequestListener {
 public:
  /// Throws UserError when the environment or the configuration is wrong.
  Session(const Environment& environment, const Options& options);
  ~Session() override;

  /// Stops accepting work, cancels what is queued, finishes what runs (R4). The session stays
  /// usable for queries.
  void shut_down();
  /// Ends the simulation and writes the report. After shut_down(), when no other thread uses the
  /// session any more.
  void finish();

  const Environment& environment() const { return environment_; }
  const SubstitutionMap& substitutions() const { return substitutions_; }
  const CoreRange& cores() const { return cores_; }
  const hw::Topology& topology() const { return topology_; }
  isa::Limits limits() const { return hw::Hardware::limits_of(*parameters_.hardware); }
  bool step_clock() const { return parameters_.clock.mode == "step"; }
  bool numerics() const { return hw::Hardware::numerics_of(*parameters_.hardware); }
  bool closing() const { return closing_.load(std::memory_order_acquire); }
  Objects& objects() { return objects_; }
  Communicators& communicators() { return communicators_; }
  HostExchange& host_exchange() { return *host_exchange_; }
  SysTrace& events() { return events_; }
  Inspection& inspection() { return inspection_; }
  /// A call of the client that began at `start` and ends now, for the system trace. `core` is a
  /// visible one; -1 counts as 0.
  void trace_call(const char* name, int core, SimTime start);
  Profiles& profiles() { return profiles_; }
  HostClock& clock() { return *clock_; }
  /// The checking mode; nullptr when it is off.
  ClientChecks* checks() { return checks_.get(); }
  /// The host's simulated time; never before the completion of a request that is visible.
  SimTime now() const;
  /// Runs `task` on the simulation thread, with the hardware.
  void on_device(const std::function<void(hw::Hardware&)>& task);

  /// Throws StatusError(NRT_INVALID) for a core that is not visible.
  void require_core(std::int64_t core) const;
  /// The HBM stack of a visible core.
  std::shared_ptr<HbmPool> pool_of_core(int core) const;
  int device_of_core(int core) const { return pool_of_core(core)->region().device; }
  const std::vector<std::shared_ptr<HbmPool>>& pools() const { return pools_; }
  Counters& counters() { return counters_; }
  CounterRecord counter_record() const { return counters_.record(pools_); }
  MemoryLedger& memory_ledger() { return *memory_ledger_; }

  /// nullptr when there is none.
  UnitQueue* unit(std::int64_t core, hw::UnitType type, std::int64_t queue);
  UnitQueue* unit_of(nrta_seq_t sequence);

  /// Hands the request to the unit and rings the door; on any other status than success it stays
  /// with the caller.
  NRT_STATUS schedule(UnitQueue& unit, std::unique_ptr<Request>& request, nrta_seq_t* sequence);
  /// Schedules and waits for the end, also for room in the queue; returns the request's status.
  NRT_STATUS run(UnitQueue& unit, std::unique_ptr<Request> request);
  /// The host looks at published state: lets it pay for that.
  void poll() { clock_->poll(); }
  /// Waits until `done()`. Every request at the device comes to its end (driver.h).
  void wait(const std::function<bool()>& done);

  /// Test hook: holds a unit's requests back, or lets them go.
  void pause(UnitQueue& unit, bool paused);

  /// Test hook: the record of a completed request; nothing when many were since.
  std::optional<RequestRecord> find_record(const UnitQueue& unit, std::uint64_t number);

  std::uint32_t add_model_record(ModelRecord record);
  SessionRecord record();

  std::mutex& load_mutex() { return load_mutex_; }
  /// Models per visible core; guarded by load_mutex().
  std::vector<int>& models_of_core() { return models_of_core_; }

 private:
  void submitted(const UnitQueue& queue, const Request& request) override;
  void finished(UnitQueue& queue, Request& request) override;
  /// For messages of the checking mode: the smallest tensor with the whole range, "" for none.
  std::string tensor_at(const ClientChecks::Range& range) const;
  void ring_doorbell(UnitQueue& queue, bool needed);
  void degraded(const hw::UnitAddress& unit, hw::DeviceError error,
                const Severity& severity) override;
  void make_units();
  void make_pools();

  const Environment environment_;
  const Options options_;
  const SubstitutionMap substitutions_;
  Config config_;
  const Parameters parameters_;
  const hw::Topology topology_;
  const CoreRange cores_;
  Inspection inspection_;
  TraceSet traces_;
  std::unique_ptr<PathFile> paths_;  // nullptr: nobody asks why
  SysTrace events_;
  Profiles profiles_;
  Recorder recorder_;
  std::unique_ptr<ClientChecks> checks_;
  Counters counters_;
  CoreDump dump_;
  std::vector<std::unique_ptr<UnitQueue>> units_;
  const std::shared_ptr<MemoryLedger> memory_ledger_;
  std::vector<std::shared_ptr<HbmPool>> pools_;
  std::unique_ptr<Driver> driver_;
  hw::Hardware* hardware_ = nullptr;  // owned by the kernel
  std::unique_ptr<Kernel> kernel_;
  std::unique_ptr<HostClock> clock_;
  Objects objects_;
  Communicators communicators_;
  std::unique_ptr<HostExchange> host_exchange_;
  std::atomic<bool> closing_{false};
  std::atomic<SimTime> last_completion_{0};

  std::mutex models_mutex_;
  std::vector<ModelRecord> models_;
  std::mutex load_mutex_;
  std::vector<int> models_of_core_;
};

// For the nsim program, beside the C interface. All throw when no session is open.

/// Loads a program without a container. Throws UserError or StatusError.
nrt_model_t* load_program(const isa::Program& program, int core);
/// Waits until `done()`, which may use the C interface.
void wait_until(const std::function<bool()>& done);
SessionRecord session_record();

}  // namespace nsim::rt
