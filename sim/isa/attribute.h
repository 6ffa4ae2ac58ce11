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
      return visitor(instruction.op0);
    case Attribute::Operand0:
    case Attribute::Scale:
    case Attribute::Initial:
      return visitor(instruction.operand0);
    case Attribute::Reverse0:
      return visitor(instruction.reverse0);
    case Attribute::Op1:
      return visitor(instruction.op1);
    case Attribute::Operand1:
    case Attribute::Bias:
      return visitor(instruction.operand1);
    case Attribute::Reverse1:
      return visitor(instruction.reverse1);
    case Attribute::Function:
      return visitor(instruction.function);
    case Attribute::Value:
    case Attribute::Fill:
      return visitor(instruction.immediate);
    case Attribute::Accumulate:
      return visitor(instruction.accumulate);
    case Attribute::Keep:
      return visitor(instruction.keep);
    case Attribute::Negate:
      return visitor(instruction.negate);
    case Attribute::Base:
      return visitor(instruction.base);
    case Attribute::PartitionStep:
      return visitor(instruction.partition_step);
    case Attribute::Pattern:
      return visitor(instruction.pattern);
    case Attribute::Queue:
      return visitor(instruction.queue);
    case Attribute::Dge:
      return visitor(instruction.dge);
  }
}

/// An instruction whose attributes have their defaults.
inline Instruction with_defaults(Opcode opcode) {
  Instruction instruction;
  instruction.opcode = opcode;
  if (info(opcode).has(Attribute::Scale)) {
    instruction.operand0.immediate = 1.0F;
  }
  return instruction;
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
