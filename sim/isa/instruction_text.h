// SPDX-License-Identifier: Apache-2.0
// One instruction in the text form:
// `tensor.nc_matmul acc, stationary, moving accumulate k wait loaded >= k * 16 signal done += 1`.
#pragma once

#include <string>

#include "sim/isa/text_state.h"

namespace nsim::isa {

/// Reads up to the end of the statement; the next token is "engine.opcode".
Instruction parse_instruction(TextState& state);

/// Without indentation and line end. Throws UserError when the instruction lacks an operand.
std::string print_instruction(const Instruction& instruction, const Program& program);

}  // namespace nsim::isa
