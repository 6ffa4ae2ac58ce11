// SPDX-License-Identifier: Apache-2.0
// Where the buffers of a program lie on chip. Those with an address keep it (and may overlap: an
// allocator reuses addresses); the others follow after the last of those, in order of declaration,
// each at its own place. Behind them transient buffers and their copies take turns: each has its
// place from its first access to its last (lifetimes.h), and places are used again as late as
// possible (rotation.h). In PSUM they take whole banks. A view lies in the buffer it is a view of,
// and in HBM in its tensor.
//
// The same places hold for every core.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/isa/expand.h"
#include "sim/isa/program.h"

namespace nsim::isa {

struct Placement {
  /// One entry per copy of Program::buffers: those of buffer i from first[i] on (number_copies()).
  std::vector<std::int64_t> address;  // byte offset in the partition
  std::vector<std::uint32_t> first;
  std::vector<std::int64_t> partition;  // one entry per Program::buffers: the first one
  /// One entry per Program::tensors: where its bytes are. Of all but views, in itself.
  std::vector<View> tensor;
  std::int64_t sbuf_bytes = 0;  // highest byte used in a partition
  std::int64_t psum_bytes = 0;
  std::int64_t sbuf_peak = 0;  // most bytes in use at a time
  std::int64_t psum_peak = 0;
};

/// Throws UserError for a buffer or view that cannot exist, and when a memory is too small.
Placement find_places(const Program& program, const Limits& limits);

}  // namespace nsim::isa
