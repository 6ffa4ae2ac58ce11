// SPDX-License-Identifier: Apache-2.0
// From an attribute to the field it stands for: one switch for the text form, the container and
// comparison.
#pragma once

#include "sim/isa/opcode.h"

namespace nsim::isa {

/// Calls `visitor` with the field of `instruction` (const or not) that `attribute` stands for.
template <class AnyInstruction, class Visitor>
void visit(Attribute attribute, AnyInstruction& instruction, Visitor&& visitor) {
  switch (attribute) {
    case Attribute::Op:
    case Attribute::Op0:
    case Attribute::CompOp0:
      return visitor(instruction.op0);
    case Attribute::Operand0:
    case Attribute::Scale:
    case Attribute::Initial:
    case Attribute::Imm0:
    case Attribute::Bound0:
    case Attribute::OnFalse:
    case Attribute::Prob:
    case Attribute::MaxValue:
    case Attribute::Index:
    case Attribute::Min:
    case Attribute::Tags:
    case Attribute::StationaryScale:
      return visitor(instruction.operand0);
    case Attribute::Reverse0:
    case Attribute::ReversePred:
    case Attribute::IsStationaryOnezero:
      return visitor(instruction.reverse0);
    case Attribute::Op1:
    case Attribute::CompOp1:
      return visitor(instruction.op1);
    case Attribute::Operand1:
    case Attribute::Bias:
    case Attribute::ReduceInit:
    case Attribute::Imm1:
    case Attribute::Bound1:
    case Attribute::Max:
    case Attribute::MovingScale:
      return visitor(instruction.operand1);
    case Attribute::Reverse1:
    case Attribute::IsMovingOnezero:
      return visitor(instruction.reverse1);
    case Attribute::Function:
      return visitor(instruction.function);
    case Attribute::Value:
    case Attribute::Fill:
    case Attribute::Imm:
    case Attribute::ReluParam:
      return visitor(instruction.immediate);
    case Attribute::Accumulate:
      return visitor(instruction.accumulate);
    case Attribute::Keep:
      return visitor(instruction.keep);
    case Attribute::Negate:
    case Attribute::ReduceResNegate:
      return visitor(instruction.negate);
    case Attribute::Base:
    case Attribute::RangeStart:
    case Attribute::NumValidIndices:
    case Attribute::IndexOffset:
    case Attribute::Constant:
      return visitor(instruction.base);
    case Attribute::PartitionStep:
    case Attribute::PaddingVal:
      return visitor(instruction.partition_step);
    case Attribute::Pattern:
    case Attribute::ShuffleMask:
    case Attribute::TileSize:
    case Attribute::SrcRegisters:
      return visitor(instruction.pattern);
    case Attribute::Queue:
      return visitor(instruction.queue);
    case Attribute::Qos:
      return visitor(instruction.qos);
    case Attribute::Dge:
      return visitor(instruction.dge);
    case Attribute::Oob:
      return visitor(instruction.oob);
    case Attribute::DstOffset:
      return visitor(instruction.dst_offset);
    case Attribute::SrcOffset:
      return visitor(instruction.src_offset);
    case Attribute::PerfMode:
      return visitor(instruction.perf_mode);
    case Attribute::ReduceOp:
      return visitor(instruction.reduce_op);
    case Attribute::ReduceCmd:
      return visitor(instruction.reduce_cmd);
    case Attribute::ReduceRes:
    case Attribute::DstIdx:
      return visitor(instruction.dst2);
    case Attribute::Step:
    case Attribute::NumElemPerIdx:
    case Attribute::N:
    case Attribute::DstRegister:
      return visitor(instruction.count);
  }
}

/// An instruction whose attributes have their defaults. In compare.cpp.
Instruction with_defaults(Opcode opcode);

/// Most entries of a list.
constexpr std::size_t most_entries(Attribute attribute) {
  return attribute == Attribute::ShuffleMask ? 32 : 4;
}

/// Calls `action` for every attribute in `set`, in the order of the enumeration.
template <class Action>
void for_each(AttributeSet set, Action&& action) {
  for (int i = 0; i < kAttributeCount; ++i) {
    const auto attribute = static_cast<Attribute>(i);
    if ((set & bit(attribute)) != 0) {
      action(attribute);
    }
  }
}

/// True when the attribute need not be written: its field has the default value. In compare.cpp.
bool has_default(Attribute attribute, const Instruction& instruction);

}  // namespace nsim::isa
