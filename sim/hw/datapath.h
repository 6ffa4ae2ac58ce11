// SPDX-License-Identifier: Apache-2.0
// What instructions compute: resolves the operands of a StreamInstruction to views of SBUF and PSUM
// and calls sim/numerics. The only place that knows which opcode is which function. Also holds what
// the lanes of the engines keep between instructions: accumulators and random number generators.
#pragma once

#include <array>
#include <memory>

#include "sim/isa/stream.h"
#include "sim/numerics/lanes.h"
#include "sim/numerics/ops.h"

namespace nsim::hw {

class Psum;
class Sbuf;

class Datapath {
 public:
  Datapath(const Sbuf& sbuf, const Psum& psum) : sbuf_(&sbuf), psum_(&psum) {}

  /// Carries out a compute instruction at once. Nothing happens with numerics off, and for
  /// instructions without arithmetic (DMA, synchronisation).
  void execute(const isa::StreamInstruction& instruction);
  /// Lanes as they are at the start of an execution: accumulators 0, generators seeded with 0.
  void reset();

  /// The bytes an on-chip operand names.
  num::View view(const isa::Operand& operand) const;
  num::Lanes& lanes(isa::Engine engine);
  float* accumulators(isa::Engine engine) {
    return accumulators_.at(static_cast<std::size_t>(engine)).data();
  }

 private:
  const Sbuf* sbuf_;
  const Psum* psum_;
  std::array<std::array<float, num::kLanes>, isa::kEngineCount> accumulators_{};
  std::array<std::unique_ptr<num::Lanes>, isa::kEngineCount> lanes_;  // made when first used
};

}  // namespace nsim::hw
