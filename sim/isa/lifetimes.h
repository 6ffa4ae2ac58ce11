// SPDX-License-Identifier: Apache-2.0
// When the buffers of a program are in use. Time is the order of the program: one tick per
// instruction as written, and one for a whole loop with all that is in it, because its next
// iteration comes back to what this one used.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/isa/program.h"

namespace nsim::isa {

struct Lifetime {
  std::int64_t first = 0;
  std::int64_t last = -1;   // before `first`: never used
  std::uint32_t label = 0;  // of the first instruction that uses it
};

/// One per Program::buffers. What uses a view uses the buffer it is a view of, and only that: a
/// view itself is never in use. Indices of operands that name no buffer are passed over.
std::vector<Lifetime> lifetimes(const Program& program);

}  // namespace nsim::isa
