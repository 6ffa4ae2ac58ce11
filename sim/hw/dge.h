// SPDX-License-Identifier: Apache-2.0
// Descriptor generation of one NeuronCore: turns a DMA instruction into descriptors on a ring of
// each of the core's DMA engines.
//
// Data flow: Engine --submit--> Dge: which engine moves which elements, after which latency
// (host-built, software or hardware descriptors) -> DmaPart, one per engine -> DmaEngine asks each
// for its packets (descriptors are made then, not before) -> done -> updates of one ring are
// reported in the order of its transfers -> DmaListener.
//
// Partitions are shared out evenly: with 16 engines, engine e moves SBUF partitions 8e to 8e + 7.
// Between HBM and HBM the elements are split evenly. An engine without a share still writes its
// update of the semaphore. A transfer adds 16 to its semaphores whatever the number n of engines:
// when k of n parts have arrived, it has added 16k / n, rounded down.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sim/base/params.h"
#include "sim/base/stats.h"
#include "sim/base/timeline.h"
#include "sim/base/waves.h"
#include "sim/hw/address_map.h"
#include "sim/hw/dma_engine.h"
#include "sim/hw/dma_part.h"
#include "sim/hw/dma_queues.h"
#include "sim/hw/dma_transfer.h"
#include "sim/hw/sbuf.h"

namespace nsim::hw {

struct DgeParams {
  explicit DgeParams(ParamScope scope);  // [dge]
  SimTime static_latency;                // host-built descriptors
  SimTime software_latency;              // GpSimd's, beside the time of GpSimd itself
  SimTime hardware_latency;              // hardware blocks
  SimTime hardware_interval;             // of instructions in one block
  std::int64_t hardware_blocks;          // of a core
  double transpose_rate;                 // of the copy rate, HBM to SBUF
  double transpose_rate_on_chip;         // the same, SBUF to SBUF
  double compute_rate;                   // of the copy rate, with arithmetic
  double accumulate_rate;                // the same, adding to what is in SBUF
};

class Dge : public DmaFrontEnd {
 public:
  struct Place {
    int device = 0;
    int core = 0;  // physical
  };
  static constexpr int kMaxEngines = 32;

  /// `engines`: 1 to kMaxEngines.
  Dge(const DgeParams& params, const AddressMap& map, Place place, const Sbuf& sbuf,
      std::vector<DmaEngine*> engines, DmaEngine* gpsimd, Faults* faults = nullptr);
  ~Dge() override;

  void submit(const DmaTransfer& transfer) override;
  void abort(std::uint64_t execution) override;

  /// Fault injection: the next transfer fails with `error` after a part of it was moved.
  void arm(DeviceError error) { armed_ = error; }
  /// Takes an error back that did not happen; None when it did.
  DeviceError disarm();

  /// Signals <scope>.<queue>.depth of every queue that is used.
  void watch(Waves& waves, std::string scope) { queues_.watch(waves, std::move(scope)); }

  void report(StatsScope stats) const { queues_.report(stats); }

 private:
  friend class DmaPart;  // reports to part_done()
  SimTime descriptors_ready(const isa::StreamInstruction& instruction);
  DmaMove* take_move();
  void describe(DmaMove& move, const DmaTransfer& transfer);
  DeviceError fault(const DmaTransfer& transfer);
  void describe_rows(DmaMove& move, const DmaTransfer& transfer);
  void describe_compute(DmaMove& move, const DmaTransfer& transfer);
  /// `in_tensor`: the offset, of an operand in HBM.
  DmaWalk walk(const isa::Operand& operand, std::int64_t in_tensor,
               const ExecutionContext& context) const;
  void split(DmaMove& move, const isa::StreamInstruction& instruction);

  /// A part of a move arrived: reports what its ring's order allows.
  void part_done(const DmaPart& part, DeviceError error);
  MomentId arrival(const DmaPart& part) const;
  void deliver(std::deque<DmaMove*>& ring, MomentId arrived);
  void finish(DmaMove& move, MomentId arrived);
  void draw(const DmaMove& move) const;

  const DgeParams params_;
  const AddressMap& map_;
  const Place place_;
  const Sbuf& sbuf_;
  const std::vector<DmaEngine*> engines_;
  DmaEngine* const gpsimd_;  // nullptr: there is none
  Faults* const faults_;
  std::array<Timeline, isa::kEngineCount> blocks_;  // hardware blocks, the first few are used
  std::array<std::deque<DmaMove*>, DmaEngine::kRings> in_flight_;  // per ring, in order
  std::vector<std::unique_ptr<DmaMove>> moves_;
  std::vector<DmaMove*> free_moves_;
  DmaQueues queues_;
  DeviceError armed_ = DeviceError::None;
};

}  // namespace nsim::hw
