// SPDX-License-Identifier: Apache-2.0
// A physical NeuronCore: five engines with their sequencers, semaphores, SBUF and PSUM, executing
// the streams of one program at a time.
//
// Data flow: ExecutionUnit calls start() -> every Engine issues its stream in order: wait for
// semaphores, reserve ports, compute (Datapath), retire after the cost (sim/cost), update
// semaphores -> DMA instructions go to the DmaFrontEnd and come back as semaphore updates -> when
// every stream has retired and no transfer is under way, `done` is called once.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <systemc>
#include <vector>

#include "sim/base/params.h"
#include "sim/base/stats.h"
#include "sim/base/waves.h"
#include "sim/hw/datapath.h"
#include "sim/hw/dma_transfer.h"
#include "sim/hw/engine.h"
#include "sim/hw/instruction_needs.h"
#include "sim/hw/psum.h"
#include "sim/hw/sbuf.h"
#include "sim/hw/semaphores.h"

namespace nsim::hw {

struct NeuronCoreParams {
  /// [neuron_core], with sub-tables engines, sbuf, psum and semaphores.
  explicit NeuronCoreParams(ParamScope scope);

  cost::EngineParams engines;
  SbufParams sbuf;
  PsumParams psum;
  SemaphoreParams semaphores;
  FetchParams fetch;
  SimTime preamble;    // in front of the fetch of a program's first instructions
  bool check_nan;      // an execution whose instructions produce NaN ends with that error
  bool reuse_weights;  // Tensor does not load a stationary operand that is in the array already
};

class NeuronCore : public sc_core::sc_module, public DmaListener, private EngineOwner {
 public:
  /// `done(error)` runs on the simulation thread, once per start().
  using Done = std::function<void(DeviceError)>;

  /// `index` is the number people know the core by: "nc3".
  NeuronCore(sc_core::sc_module_name name, const NeuronCoreParams& params, bool numerics, int index,
             Faults* faults = nullptr);
  ~NeuronCore() override;

  /// Wiring, by the parent's constructor. `peers` are all physical cores of the logical core, this
  /// one included.
  void bind(DmaFrontEnd& dma, std::vector<NeuronCore*> peers);

  /// Starts `core`'s streams at the current simulated time; all semaphores are zero then. The core
  /// must be idle.
  void start(const isa::CoreStreams& streams, const ExecutionContext& context, Done done);
  /// Stops at once: no more instructions issue, `done(error)` is called. Nothing happens when the
  /// core is idle.
  void abort(DeviceError error);
  bool running() const { return context_ != nullptr; }
  /// What the execution under way waits for, for people: a line for each engine that has more to
  /// do, and one for transfers.
  std::vector<std::string> standstill() const;
  /// Makes the next instruction of the core never retire (fault injection: engine hang). Stays
  /// armed until there is one.
  void hang() { hang_ = true; }

  /// SBUF as the DMA sees it: storage (nullptr with numerics off) and byte stride of a partition.
  Sbuf& sbuf() { return sbuf_; }

  /// Signals of semaphores, sbuf and psum below `scope`.
  void watch(Waves& waves, const std::string& scope);

  void report(StatsScope stats) const;

  /// The moment that ended the last execution, where moments are recorded.
  MomentId ended_by() const { return ended_by_; }

  void dma_part_done(const isa::Issue& issue, std::uint64_t execution, MomentId arrived) override;
  void dma_done(const isa::Issue& issue, std::uint64_t execution, MomentId arrived) override;
  void dma_error(DeviceError error, std::uint64_t execution) override;

 private:
  void submit(const isa::Issue& issue, MomentId issued) override;
  void reach_barrier(const AtBarrier& engine) override;
  void retired(MomentId last) override;
  void failed(DeviceError error) override;
  bool take_hang() override;
  void produced_nan() override { nan_ = true; }
  std::uint64_t take_flow() override;

  bool current(std::uint64_t execution) const;
  void release_barriers(MomentId arrived);
  void end_if_done(MomentId last);
  void end(DeviceError error);

  const NeuronCoreParams params_;
  const int index_;
  Faults* const faults_;
  Semaphores semaphores_;
  Sbuf sbuf_;
  Psum psum_;
  Datapath datapath_;
  NeedsTable needs_;
  std::array<std::unique_ptr<Engine>, isa::kEngineCount> engines_;
  DmaFrontEnd* dma_ = nullptr;
  std::vector<NeuronCore*> peers_;

  const isa::CoreStreams* streams_ = nullptr;
  const ExecutionContext* context_ = nullptr;  // of the execution under way
  Done done_;
  SimTime started_ = 0;
  SimTime active_ = 0;
  int engines_left_ = 0;             // that have not retired their stream
  std::int64_t transfers_left_ = 0;  // DMA transfers under way
  std::uint64_t flow_ = 0;           // until the first instruction took it
  bool hang_ = false;
  bool nan_ = false;  // among the results of the execution
  std::int64_t barriers_reached_ = 0;
  std::vector<AtBarrier> at_barrier_;  // engines waiting; the last one at `barriers_reached_`
  MomentId ended_by_ = 0;
};

}  // namespace nsim::hw
