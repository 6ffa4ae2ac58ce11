// SPDX-License-Identifier: Apache-2.0
// What instructions compute: resolves the operands of a StreamInstruction to views of SBUF and PSUM
// and calls sim/numerics. The only place that knows which opcode is which function. Also holds what
// the engines keep between instructions: accumulators, random number generators and the registers
// of the sequencers.
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
  /// `transpose_mode`: Tensor transposes without multiplying.
  Datapath(const Sbuf& sbuf, const Psum& psum, bool transpose_mode = true)
      : sbuf_(&sbuf), psum_(&psum), transpose_mode_(transpose_mode) {}

  /// Carries out a compute instruction at once. Nothing happens with numerics off, and for
  /// instructions without arithmetic (DMA, synchronisation).
  void execute(const isa::StreamInstruction& instruction);
  /// Whether the instruction writes floating-point results on chip.
  static bool makes_floats(const isa::StreamInstruction& instruction);
  /// Whether NaN is among the results of the instruction, which was just executed; false with
  /// numerics off.
  bool has_nan(const isa::StreamInstruction& instruction) const;
  /// Makes the first result NaN.
  void spoil(const isa::StreamInstruction& instruction);
  /// As at the start of an execution: accumulators and registers 0, generators seeded with 0.
  void reset();

  /// The bytes an on-chip operand names.
  num::View view(const isa::Operand& operand) const;
  num::Lanes& lanes(isa::Engine engine);
  std::array<std::int32_t, isa::kRegisterCount>& registers(isa::Engine engine) {
    return registers_.at(static_cast<std::size_t>(engine));
  }
  /// By how many counts an operand begins later: what the register holds, 0 without one.
  std::int64_t moved(isa::Engine engine, const isa::Moved& by) {
    return by.any() ? registers(engine).at(by.source - std::size_t{1}) : 0;
  }
  bool transpose_mode() const { return transpose_mode_; }
  float* accumulators(isa::Engine engine) {
    return accumulators_.at(static_cast<std::size_t>(engine)).data();
  }

 private:
  const Sbuf* sbuf_;
  const Psum* psum_;
  bool transpose_mode_;
  std::array<std::array<float, num::kLanes>, isa::kEngineCount> accumulators_{};
  std::array<std::unique_ptr<num::Lanes>, isa::kEngineCount> lanes_;  // made when first used
  std::array<std::array<std::int32_t, isa::kRegisterCount>, isa::kEngineCount> registers_{};
};

}  // namespace nsim::hw
