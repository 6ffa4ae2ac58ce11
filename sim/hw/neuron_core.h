// SPDX-License-Identifier: Apache-2.0
// A physical NeuronCore: five engines with their sequencers, semaphores, SBUF and PSUM, executing the
// streams of one program at a time.
//
// Data flow: ExecutionUnit calls start() -> every Engine issues its stream in order: wait for
// semaphores, reserve ports, compute (sim/numerics), retire after the cost (sim/cost), update semaphores ->
// DMA instructions go to the DmaFrontEnd and come back as semaphore updates -> when every stream has
// retired and no transfer is under way, `done` is called once.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <systemc>
#include <vector>

#include "sim/base/params.h"
#include "sim/base/stats.h"
#include "sim/base/trace.h"
#include "sim/cost/cost.h"
#include "sim/hw/dma_transfer.h"

namespace nsim::hw {

class Engine;
class Psum;
class Sbuf;
class Semaphores;

struct NeuronCoreParams {
  explicit NeuronCoreParams(ParamScope scope);  // [neuron_core], with sub-tables engines, sbuf, psum, semaphores
  cost::EngineParams engines;
  std::int64_t sbuf_partition_bytes;
  std::int64_t psum_partition_bytes;
  std::int64_t psum_bank_bytes;
  SimTime semaphore_latency;     // from an engine's update to the wake-up of a waiting engine
  SimTime peer_semaphore_latency;  // the same across the cores of a logical core (core_barrier)
};

class NeuronCore : public sc_core::sc_module, public DmaListener {
 public:
  /// `done(error)` runs on the simulation thread, once per start().
  using Done = std::function<void(DeviceError)>;

  NeuronCore(sc_core::sc_module_name name, const NeuronCoreParams& params, bool numerics);
  ~NeuronCore() override;

  /// Wiring, by the parent's constructor. `peers` are all physical cores of the logical core, this one included.
  void bind(DmaFrontEnd& dma, std::vector<NeuronCore*> peers, int rank);

  /// Starts `core`'s streams at the current simulated time; all semaphores are zero then. The core must be idle.
  void start(const isa::CoreStreams& streams, const ExecutionContext& context, Done done);
  /// Stops at once: no more instructions issue, `done(error)` is called.
  void abort(DeviceError error);
  bool running() const;
  /// Makes the next instruction of `engine` never retire (fault injection: engine hang).
  void hang();

  /// SBUF as the DMA sees it: storage (nullptr with numerics off) and byte stride of a partition.
  Sbuf& sbuf() { return *sbuf_; }

  void report(StatsScope stats) const;

  void dma_part_done(const isa::StreamInstruction& instruction, std::uint64_t execution) override;
  void dma_done(const isa::StreamInstruction& instruction, std::uint64_t execution) override;
  void dma_error(DeviceError error, std::uint64_t execution) override;

 private:
  std::unique_ptr<Semaphores> semaphores_;
  std::unique_ptr<Sbuf> sbuf_;
  std::unique_ptr<Psum> psum_;
  std::array<std::unique_ptr<Engine>, isa::kEngineCount> engines_;
};

}  // namespace nsim::hw
