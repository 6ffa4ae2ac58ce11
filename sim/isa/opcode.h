// SPDX-License-Identifier: Apache-2.0
// The instruction set as a table: what the text form, the container and the checks all read. One
// row per opcode.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/isa/program.h"

namespace nsim::isa {

/// Which field of Instruction an operand is.
enum class OperandRole : std::uint8_t { None, Dst, Dst2, Src0, Src1 };

/// Sets of spaces and engines are bit masks of the enumerators.
using SpaceSet = std::uint8_t;
using EngineSet = std::uint8_t;
constexpr SpaceSet bit(Space space) {
  return static_cast<SpaceSet>(1U << static_cast<unsigned>(space));
}
constexpr EngineSet bit(Engine engine) {
  return static_cast<EngineSet>(1U << static_cast<unsigned>(engine));
}

struct OperandInfo {
  OperandRole role = OperandRole::None;
  const char* name = "";  // nki.isa's parameter name
  SpaceSet spaces = 0;    // where it may live
};

/// What follows the operands in the text form. Each sets one field of Instruction; a field whose
/// attribute an opcode does not have keeps its default. The numbers are those of the container: new
/// attributes are added at the end.
enum class Attribute : std::uint8_t {
  Op,  // op0 of an opcode with one operator
  Op0,
  Operand0,
  Reverse0,  // flag
  Op1,
  Operand1,
  Reverse1,  // flag
  Function,
  Scale,  // operand0, default 1
  Bias,   // operand1
  Value,  // immediate
  Fill,   // immediate
  Accumulate,
  Keep,
  Negate,  // flag
  Base,
  PartitionStep,
  Pattern,
  Queue,
  Dge,
  Initial,      // operand0
  ReversePred,  // flag: reverse0
  ReduceOp,
  ReduceCmd,
  ReduceInit,       // operand1
  ReduceRes,        // dst2
  ReduceResNegate,  // flag: negate
  Imm0,             // operand0
  Imm1,             // operand1
  Imm,              // immediate
  DstIdx,           // dst2
  ShuffleMask,      // pattern
  CompOp0,          // op0
  CompOp1,          // op1
  Bound0,           // operand0
  Bound1,           // operand1
  RangeStart,       // base
  OnFalse,          // operand0
  Prob,             // operand0
  MaxValue,         // operand0
  Index,            // operand0
  Step,             // count, default 1; of indexed transfers 0
  NumElemPerIdx,    // count, default 1
  NumValidIndices,  // base
  N,                // count
  IndexOffset,      // base
  PaddingVal,       // partition_step, default -1
  Min,              // operand0
  Max,              // operand1
  PerfMode,
  Tags,                 // operand0
  IsStationaryOnezero,  // flag: reverse0
  IsMovingOnezero,      // flag: reverse1
  TileSize,             // pattern: rows, columns
  StationaryScale,      // operand0
  MovingScale,          // operand1
  Qos,
  DstRegister,   // count
  SrcRegisters,  // pattern
  Constant,      // base
  ReluParam,     // immediate
  Oob,
  DstOffset,     // register, step
  SrcOffset,     // likewise
};
inline constexpr int kAttributeCount = 64;
/// The keyword of the text form: "op0", "partition_step", ...
const char* name(Attribute attribute);

using AttributeSet = std::uint64_t;
constexpr AttributeSet bit(Attribute attribute) {
  return AttributeSet{1} << static_cast<unsigned>(attribute);
}

struct OpcodeInfo {
  Opcode opcode = Opcode::Nop;
  const char* name = "";
  EngineSet engines = 0;  // that may issue it (of a DMA: trigger it)
  bool dma = false;       // runs on the DMA engines, not on the engine that issues it
  std::array<OperandInfo, 3>
      operands{};  // in the order they are written; unused ones have role None
  AttributeSet required = 0;
  AttributeSet optional = 0;
  int since = 2;  // first NeuronCore generation that has it

  bool runs_on(Engine engine) const { return (engines & bit(engine)) != 0; }
  bool has(Attribute attribute) const { return ((required | optional) & bit(attribute)) != 0; }
  /// dst2 is not one of the operands but an attribute.
  bool may_have_dst2() const { return has(Attribute::ReduceRes) || has(Attribute::DstIdx); }
  bool needs(Attribute attribute) const { return (required & bit(attribute)) != 0; }
  int operand_count() const;
};

inline constexpr Opcode kLastOpcode = Opcode::DmaScatter;
inline constexpr int kOpcodeCount = static_cast<int>(kLastOpcode) + 1;

const OpcodeInfo& info(Opcode opcode);
inline const char* name(Opcode opcode) {
  return info(opcode).name;
}
/// Executed by the sequencer alone, on its registers.
inline bool is_sequencer(Opcode opcode) {
  return opcode >= Opcode::RegisterMove && opcode <= Opcode::Branch;
}
std::optional<Opcode> parse_opcode(std::string_view name);
std::optional<Engine> parse_engine(std::string_view name);

const char* name(Space space);  // "HBM", "SBUF", "PSUM"
const char* name(DgeMode dge);  // "unknown", "none", "swdge", "hwdge", "gpsimd"
std::optional<DgeMode> parse_dge(std::string_view name);
/// Transfers whose rows lie where an index tensor says.
inline bool is_indexed(Opcode opcode) {
  return opcode == Opcode::DmaGather || opcode == Opcode::DmaScatter;
}
const char* name(OobMode mode);  // "error", "skip"
std::optional<OobMode> parse_oob(std::string_view name);
const char* name(PerfMode mode);  // "none", "double_row", "sparse_4_16", ...
std::optional<PerfMode> parse_perf_mode(std::string_view name);
const char* name(TensorKind kind);  // "input", "output", "weight", "internal", "view"
std::optional<TensorKind> parse_tensor_kind(std::string_view name);

/// The access of `instruction` in that role, or null when it is missing.
const Access* operand(const Instruction& instruction, OperandRole role);

/// What operand0 (first) or operand1 of the opcode is called: the attribute that sets it. For
/// messages.
const char* scalar_name(const OpcodeInfo& row, bool first);

/// Sets the operand of that role; sources in their order.
void set_operand(Instruction& instruction, OperandRole role, Access access);

/// The names of the engines in a set: "vector, gpsimd". For messages.
std::string engine_names(EngineSet engines);

}  // namespace nsim::isa
