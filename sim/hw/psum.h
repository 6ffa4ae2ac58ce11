// SPDX-License-Identifier: Apache-2.0
// PSUM of one NeuronCore: storage, and who may access it at the same time: on NeuronCore-v2 either
// Vector or Scalar; from v3 on both, unless they meet in the same bank. The Tensor engine has a
// port of its own.
#pragma once

#include <string>
#include <vector>

#include "sim/base/params.h"
#include "sim/base/stats.h"
#include "sim/base/timeline.h"
#include "sim/base/waves.h"
#include "sim/hw/on_chip_memory.h"
#include "sim/isa/stream.h"

namespace nsim::hw {

struct PsumParams {
  explicit PsumParams(ParamScope scope);
  std::int64_t partition_bytes;
  std::int64_t bank_bytes;
  bool shared_port;  // Vector and Scalar exclude each other in all banks
};

class Psum {
 public:
  /// Bit b: bank b. With a shared port all of PSUM is bit 0.
  using Banks = std::uint64_t;

  Psum(const PsumParams& params, bool numerics);

  /// The banks that a Vector or Scalar instruction occupies while it streams its operands; none for
  /// other engines.
  Banks banks_of(const isa::StreamInstruction& instruction) const;
  /// When all of `banks` are free.
  SimTime free_at(Banks banks) const;
  void reserve(Banks banks, SimTime start, SimTime duration);
  /// An instruction that had to wait for a bank (or the shared port).
  void count_collision() { ++collisions_; }
  /// Forgets every reservation: the instructions that made them were aborted.
  void release();

  /// Signals <scope>.bank0 ..: somebody has it; with a shared port bank0 alone.
  void watch(Waves& waves, const std::string& scope);

  std::byte* storage() const { return memory_.storage(); }
  std::int64_t partition_stride() const { return memory_.partition_stride(); }

  void report(StatsScope stats) const;

 private:
  Banks banks_of(const isa::Operand& operand) const;

  const PsumParams params_;
  OnChipMemory memory_;
  std::vector<Timeline> banks_;
  std::int64_t collisions_ = 0;
  std::vector<Wave> waves_;  // by bank
};

}  // namespace nsim::hw
