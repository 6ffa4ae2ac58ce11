// SPDX-License-Identifier: Apache-2.0
// Where the buffers of a program lie on chip. Those with an address keep it (and may overlap: an
// allocator reuses addresses); the others follow after the last of those, in order of declaration.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/isa/expand.h"
#include "sim/isa/program.h"

namespace nsim::isa {

struct Placement {
  std::vector<std::int64_t> address;  // byte offset in the partition, one per Program::buffers
  std::int64_t sbuf_bytes = 0;        // highest byte used in a partition
  std::int64_t psum_bytes = 0;
};

/// Throws UserError for a buffer that cannot exist, and when a memory is too small.
Placement find_places(const Program& program, const Limits& limits);

}  // namespace nsim::isa
