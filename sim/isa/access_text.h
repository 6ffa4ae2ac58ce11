// SPDX-License-Identifier: Apache-2.0
// Operands in the text form: `acc`, `tile[:, m % 2 * 512 +: 512]`, `a[m * 128 +: 128, :]`.
#pragma once

#include <string>

#include "sim/isa/text_state.h"

namespace nsim::isa {

/// Most dimensions of an access pattern.
constexpr std::size_t max_dims(Space space) {
  return space == Space::Hbm ? 5 : 4;
}

/// `what` names the operand in messages.
Access parse_access(TextState& state, const std::string& what);
std::string print_access(const Access& access, const Program& program);

/// The access that a bare name stands for.
Access whole(const Program& program, Space space, std::uint32_t index);

}  // namespace nsim::isa
