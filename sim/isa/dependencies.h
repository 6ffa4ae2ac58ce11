// SPDX-License-Identifier: Apache-2.0
// `sync auto`: which completions an instruction must wait for, and the semaphores that say so.
//
// Actors are the 5 engines and the DMA queues in use; each does its work in order, and completes in
// order:
// - an engine issues in order and retires in order. A result is visible when the instruction
// retires, so
//   reading or overwriting it on the same engine needs a wait too. Two exceptions: overwriting what
//   the engine itself read before, and the Tensor engine writing PSUM again (results leave the
//   array in order).
// - a transfer of a DMA queue reads and writes at any time from its trigger to its completion. All
// its 16
//   rings are FIFO and every transfer signals on all of them, so transfers of one queue complete in
//   order.
//
// Data flow: add() per instruction in program order -> cells say whose completions it needs -> what
// the engine already knows (vector clock at its last wait) or what another of the needed
// completions implies is dropped -> the rest become waits. finish() makes the instructions somebody
// waits for signal, and turns the waits into counts of those signals.
//
// Semaphores: 0..4 one per engine, counting its signalling instructions. Then a pool of slots per
// DMA queue: transfer t uses slot t % pool and completes it at 16 * (t / pool + 1); before a slot
// is used again its transfer before must be complete, else a fast ring's second signal could stand
// for a slow ring's first.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "sim/isa/cells.h"
#include "sim/isa/stream.h"
#include "sim/isa/vector_clocks.h"

namespace nsim::isa {

inline constexpr int kQueuesPerEngine = 4;
inline constexpr int kMaxActors = kEngineCount + kEngineCount * kQueuesPerEngine;

/// The memory a tracker has to remember.
struct TrackedMemory {
  std::int64_t sbuf_bytes = 0;             // per partition
  std::int64_t psum_bytes = 0;             // per partition
  std::vector<std::int64_t> tensor_bytes;  // 0: the program never writes the tensor
  /// DMA queues in use: bit (engine * kQueuesPerEngine + queue).
  std::uint32_t queues = 0;
};

/// One physical core. HBM tensors shared with other cores are ordered between cores by core_barrier
/// alone.
class Dependencies {
 public:
  explicit Dependencies(const TrackedMemory& memory);

  /// Before the issue of `instruction` (complete, see stream.h) is appended to its engine's stream
  /// in `streams`: gives it its waits.
  /// `source`: the instruction in the program, for its order by name.
  void add(const StreamInstruction& instruction, Issue& issue, CoreStreams& streams,
           const Instruction* source = nullptr);
  /// Once, after the last add().
  void finish(CoreStreams& streams);

  /// Slots of each DMA queue.
  int slots() const { return slots_; }

 private:
  static constexpr std::uint32_t kLeastClocks = 1024;
  using PerActor = std::array<std::uint32_t, kMaxActors>;

  void begin(Completion self);
  void need(Completion completion);
  void read(const Operand& operand);
  void access_whole_tensor(const Operand& operand, bool writes);
  void access_moved(const Operand& operand, const Moved& moved, bool writes);
  void write(const Operand& operand);
  /// What a dynamic copy may touch on its moving side.
  Footprint reach(const StreamInstruction& instruction, const Operand& operand);
  void access(const Operand& operand, const Footprint& where, bool writes);
  void need_everything();
  void accesses_of(const StreamInstruction& instruction);
  Cells& cells_of(const Operand& operand);
  /// The issuer's clock at the issue of `completion`.
  const std::uint32_t* clock_at(Completion completion);
  bool implied_by_another(std::uint8_t actor);
  void emit_waits(Issue& issue, CoreStreams& streams);
  StreamWait wait_for(Completion completion);
  /// Takes back the clocks of completions that no later instruction can need.
  void collect_clocks();
  int slot_semaphore(Completion transfer) const;

  int actors_ = kEngineCount;
  int slots_ = 0;
  std::array<std::uint8_t, kMaxActors> queue_actor_{};  // by engine * kQueuesPerEngine + queue
  Cells sbuf_, psum_;
  std::vector<Cells> tensors_;

  Completion self_;
  std::uint8_t issuer_ = 0;   // engine of the instruction being added
  std::uint32_t needed_ = 0;  // bit set of actors with an entry in need_
  PerActor need_{};
  Completion fence_;                // the last core_barrier: everything later waits for it
  std::vector<Completion> events_;  // by name: the last instruction of that name
  PerActor latest_{};               // its last work with an effect
  PerActor transfers_{};            // of DMA actors

  VectorClocks clocks_;  // per actor the index up to which everything is known to be complete
  std::uint32_t collect_at_ = kLeastClocks;          // clocks in use
  const std::uint32_t* issuer_knows_ = nullptr;      // while accesses are looked up
  std::array<std::uint32_t, kEngineCount> known_{};  // engine -> its clock now
  std::array<std::vector<std::uint32_t>, kMaxActors>
      clock_of_;  // (actor, index - 1) -> clock at issue
  std::array<std::vector<std::uint8_t>, kEngineCount> signals_;  // by position in the stream
};

}  // namespace nsim::isa
