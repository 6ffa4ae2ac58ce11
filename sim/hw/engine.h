// SPDX-License-Identifier: Apache-2.0
// One engine of a NeuronCore: its sequencer and the timing of its datapath. The same class serves
// all five; what differs between them is in the cost table, the datapath and, for Tensor, the
// background load of weights.
//
// Data flow: issue() takes the next instruction of the stream -> program order, semaphores,
// barrier, ports
// -> computes, occupies the datapath for the instruction's interval -> retire() updates semaphores
// after its latency, in order. A DMA instruction is handed to the owner instead and is over for the
// engine.
#pragma once

#include <deque>
#include <optional>
#include <systemc>

#include "sim/hw/activity.h"
#include "sim/hw/dma_transfer.h"
#include "sim/hw/faults.h"
#include "sim/hw/instruction_fetch.h"
#include "sim/hw/instruction_needs.h"
#include "sim/hw/issue_causes.h"
#include "sim/hw/standstill.h"
#include "sim/hw/throttle.h"
#include "sim/isa/stream.h"

namespace nsim::hw {

class Datapath;
class Psum;
class Sbuf;
class Semaphores;

/// What an engine asks of its core. Calls may end the execution, and even start the next one,
/// before they return.
class EngineOwner {
 public:
  virtual ~EngineOwner() = default;
  /// A DMA instruction issues, at the moment `issued`.
  virtual void submit(const isa::Issue& issue, MomentId issued) = 0;
  /// An engine at the next core barrier, since the moment `arrived`: notify `resume` when it may go
  /// on, and say in `released` which arrival was the last.
  struct AtBarrier {
    sc_core::sc_event* resume = nullptr;
    MomentId arrived = 0;
    MomentId* released = nullptr;
  };
  virtual void reach_barrier(const AtBarrier& engine) = 0;
  /// Every instruction of the stream has retired, the last one at the moment `last`.
  virtual void retired(MomentId last) = 0;
  virtual void failed(DeviceError error) = 0;
  /// True once after a hang was injected: the instruction that begins never retires.
  virtual bool take_hang() = 0;
  /// NaN is among the results of an instruction.
  virtual void produced_nan() = 0;
  /// Trace flow id of the execution, once; then 0.
  virtual std::uint64_t take_flow() = 0;
};

/// What the engines of a core share.
struct EngineParts {
  const cost::EngineParams& costs;
  const FetchParams& fetch;
  bool reuse_weights;
  NeedsTable& needs;
  Semaphores& semaphores;
  Sbuf& sbuf;
  Psum& psum;
  Datapath& datapath;
  EngineOwner& owner;
  bool check_nan;  // look for NaN in results
  Faults* faults;
};

class Engine : public sc_core::sc_module {
 public:
  Engine(sc_core::sc_module_name name, isa::Engine id, int core, const EngineParts& parts);

  /// Executes the engine's stream of `streams`; the first instruction issues at `first_issue`.
  void start(const isa::CoreStreams& streams, const ExecutionContext& context, SimTime first_issue);
  /// The execution is over, whether the stream is or not.
  void stop();

  /// Where it stands; nothing when it has no more to do.
  std::optional<Standstill> standstill() const;

  void report(StatsScope stats) const;

 private:
  /// How far the next instruction has come.
  enum class Stage : std::uint8_t { Order, Table, Semaphores, Barrier, AtBarrier, Ports, Reserved };
  struct Retirement {
    SimTime at = 0;
    const isa::Issue* signals = nullptr;  // whose semaphore updates are made
    bool last = false;
    MomentId moment = 0;
  };

  /// The issue at the head of the stream.
  struct Turn {
    const isa::Issue& issue;
    const isa::StreamInstruction& instruction;
    const InstructionNeeds& needs;
  };

  void issue();
  void retire();

  bool may_begin(const Turn& turn);
  /// True: the instruction ended the execution instead of beginning.
  bool fault_at_issue(const InstructionNeeds& needs);
  void compute(const isa::StreamInstruction& instruction);
  bool strikes(FaultPoint point, FaultPhase phase) const;
  bool in_order(const InstructionNeeds& needs);
  bool table_loaded(const Turn& turn);
  bool semaphores_reached(const Turn& turn);
  bool pass_barrier();
  bool ports_free(const Turn& turn);
  void begin(const Turn& turn);
  SimTime array_free(isa::ArrayGroups groups) const;
  SimTime begin_pass(const Turn& turn);
  SimTime weight_time(const isa::StreamInstruction& instruction);
  void retire_later(const Retirement& retirement);
  bool signal(const isa::Issue& issue, MomentId moment);
  void wait_until(SimTime at);
  void idle(Idle cause, const isa::StreamWait* until = nullptr);

  const isa::Engine id_;
  const ClockDomain clock_;
  const EngineParts parts_;
  sc_core::sc_event issue_event_;
  sc_core::sc_event retire_event_;

  const isa::CoreStreams* streams_ = nullptr;
  const std::vector<isa::Issue>* stream_ = nullptr;  // nullptr: no execution
  std::size_t next_ = 0;                             // issue of the stream
  Stage stage_ = Stage::Order;
  InstructionNeeds::Times times_;  // of the next instruction, from stage Ports on
  SimTime begun_ = 0;              // when the last instruction began to occupy the datapath
  SimTime free_at_ = 0;            // when it no longer does
  SimTime retired_at_ = 0;         // when everything issued so far has retired
  bool hung_ = false;
  Origin origin_;  // of the execution
  const isa::Operand* weights_ =
      nullptr;  // Tensor: what is in the array, nullptr: nothing that may be used again
  // Tensor: when the whole array, groups of it, and the issue of another tile are free.
  SimTime whole_free_ = 0;
  SimTime tile_issue_ = 0;
  std::array<SimTime, isa::kArrayGroups> group_free_{};
  std::deque<Retirement> retirements_;
  InstructionFetch fetch_;
  cost::FunctionSet table_ = cost::FunctionSet::Any;  // Scalar: what is loaded; Any: nothing yet
  Throttle throttle_;                                 // Tensor's
  double rate_shown_ = 0;                             // percent, in the trace of the execution

  IssueCauses causes_;
  const isa::StreamWait* waited_ = nullptr;  // the wait whose end is still to be told
  MomentId waker_ = 0;                       // what ended it, or the wait at a barrier

  Activity activity_;
  std::int64_t instructions_ = 0;
  std::int64_t matmuls_ = 0;
  std::int64_t table_loads_ = 0;
};

}  // namespace nsim::hw
