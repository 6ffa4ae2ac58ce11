// SPDX-License-Identifier: Apache-2.0
// When the buffers of a program are in use. Time is the order of the program, its loops unrolled:
// one tick per instruction, so that a program has the same places whether it is written with loops
// or without.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/isa/program.h"

namespace nsim::isa {

struct Lifetime {
  std::int64_t first = 0;
  std::int64_t last = -1;   // before `first`: never used
  std::uint32_t label = 0;  // of the first instruction that uses it
  std::int64_t turn = 0;    // how many came into use before it, operands of an instruction in order
};

/// One per copy of Program::buffers, numbered by `first_copy` (number_copies()). What uses a view
/// uses the buffer it is a view of, and only that: a view itself is never in use. Operands that
/// name no buffer, no copy or no open variable are passed over, and so is what follows tick `most`:
/// who unrolls the program refuses it.
std::vector<Lifetime> lifetimes(const Program& program,
                                const std::vector<std::uint32_t>& first_copy, std::int64_t most);

}  // namespace nsim::isa
