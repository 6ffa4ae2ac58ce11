// SPDX-License-Identifier: Apache-2.0
// SBUF of one NeuronCore: storage, and the port that two of its engines may have to share.
#pragma once

#include <string>

#include "sim/base/params.h"
#include "sim/base/stats.h"
#include "sim/base/timeline.h"
#include "sim/base/waves.h"
#include "sim/hw/on_chip_memory.h"
#include "sim/isa/stream.h"

namespace nsim::hw {

struct SbufParams {
  explicit SbufParams(ParamScope scope);
  std::int64_t partition_bytes;
  bool shared_port;  // Vector and GpSimd exclude each other
  bool shared_bus;   // GpSimd and the wide modes of Vector do
};

class Sbuf {
 public:
  Sbuf(const SbufParams& params, bool numerics);

  /// What an instruction occupies while it streams its operands; `wide`: in a mode that takes more
  /// than one element per lane and cycle.
  bool needs_port(const isa::StreamInstruction& instruction, bool wide = false) const;
  SimTime port_free_at() const { return port_.free_at(); }
  void reserve_port(SimTime start, SimTime duration) {
    const SimTime from = port_.reserve(start, duration);
    port_wave_.busy(from, from + duration);
  }
  /// An instruction that had to wait for the port.
  void count_wait() { ++port_waits_; }
  /// Forgets every reservation: the instructions that made them were aborted.
  void release();

  /// Signal <scope>.port: somebody has it.
  void watch(Waves& waves, const std::string& scope);

  std::byte* storage() const { return memory_.storage(); }
  std::int64_t partition_stride() const { return memory_.partition_stride(); }

  void report(StatsScope stats) const;

 private:
  const SbufParams params_;
  OnChipMemory memory_;
  Timeline port_;
  std::int64_t port_waits_ = 0;
  Wave port_wave_;
};

}  // namespace nsim::hw
