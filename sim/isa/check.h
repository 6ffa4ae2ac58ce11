// SPDX-License-Identifier: Apache-2.0
// The hardware's rules for one instruction. Messages are one line: where, which rule, which
// numbers.
//
// Access rules (128 partitions, start partitions, 4 free dims, 16-bit sizes and strides): NKI,
// trainium2_arch and "access patterns". Operand rules: NKI 0.6 reference of nki.isa, each
// function's page.
#pragma once

#include <cstdint>
#include <string>

#include "sim/isa/expand.h"
#include "sim/isa/program.h"
#include "sim/isa/stream.h"

namespace nsim::isa {

inline constexpr std::int64_t kPartitionCount = 128;

/// Throws UserError at the instruction's place: "file:line:column: ..." or "operator NAME:
/// instruction OPCODE: ...".
[[noreturn]] void refuse(const Program& program, const Instruction& instruction,
                         const std::string& rule);

/// What can be said before operands are resolved: engine, number of operands, their spaces, indices
/// into the program's tables, sizes of their dims, queue, semaphores.
void check_form(const Program& program, const Limits& limits, const Instruction& instruction);

/// Shapes, element types and spaces of the operands against each other. Addresses are not looked
/// at.
void check_shapes(const Program& program, const Limits& limits, const Instruction& instruction,
                  const StreamInstruction& resolved);

/// May an engine access `count` partitions from `start`?
bool legal_start(std::int64_t start, std::int64_t count);

}  // namespace nsim::isa
