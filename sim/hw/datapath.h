// SPDX-License-Identifier: Apache-2.0
// What instructions compute: resolves the operands of a StreamInstruction to views of SBUF and PSUM
// and calls sim/numerics. The only place that knows which opcode is which function.
#pragma once

#include "sim/isa/stream.h"
#include "sim/numerics/ops.h"

namespace nsim::hw {

class Psum;
class Sbuf;

class Datapath {
 public:
  Datapath(const Sbuf& sbuf, const Psum& psum) : sbuf_(&sbuf), psum_(&psum) {}

  /// Carries out a compute instruction at once. Nothing happens with numerics off, and for
  /// instructions without arithmetic (DMA, synchronisation).
  void execute(const isa::StreamInstruction& instruction) const;

  /// The bytes an on-chip operand names.
  num::View view(const isa::Operand& operand) const;

 private:
  const Sbuf* sbuf_;
  const Psum* psum_;
};

}  // namespace nsim::hw
