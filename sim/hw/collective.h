// SPDX-License-Identifier: Apache-2.0
// A collective operation as one of its ranks sees it, and which DMA transfers make it.
//
// The algorithm is a mesh: every rank exchanges data with every other one directly. Tuned
// algorithms (rings, recursive halving) move the same bytes over fewer links at a time; this one
// has the fewest dependencies.
//
//   AllGather      rank r writes its input into part r of every output
//   ReduceScatter  rank r reads part r of every input and writes what they combine to
//   AllReduce      a reduce-scatter into part r of its own output, which it then writes into part r
//                  of every other one; elements are shared out evenly over the ranks
//
// Nobody but rank r reads or writes part r of an input or output before r has read it, so that an
// output may be the input. Rank r combines sources in the order r, r + 1, ..., r - 1. A DMA
// combines at most `max_sources`; more ranks take several passes over the partial result, which has
// the type of the elements.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "sim/hw/request.h"
#include "sim/numerics/combine.h"

namespace nsim::hw {

struct Collective {
  CollectiveHeader header;
  std::vector<std::uint64_t> cores;  // of the ranks
  std::vector<CollectiveBuffer> buffers;

  num::ElementType type() const { return static_cast<num::ElementType>(header.type); }
  num::CombineOp combine() const { return static_cast<num::CombineOp>(header.combine); }

  /// Out of the table of a request; nothing when it contradicts itself.
  static std::optional<Collective> parse(const std::vector<std::uint64_t>& table);
  std::vector<std::uint64_t> table() const;
  /// Bytes of the output of a buffer.
  std::uint64_t output_bytes(const CollectiveBuffer& buffer) const;
  /// Whether another rank takes part in the same operation with buffers of the same sizes.
  bool matches(const CollectiveHeader& other, const std::vector<CollectiveBuffer>& theirs) const;
};

/// One transfer; with several sources it combines them.
struct CollectiveMove {
  std::vector<std::uint64_t> sources;
  std::uint64_t destination = 0;
  std::uint64_t bytes = 0;
};

/// Transfers that need not wait for each other; a phase follows the one before.
using CollectivePhase = std::vector<CollectiveMove>;

/// What rank `mine.header.rank` does. `of_rank`: the buffers of every rank, its own too.
std::vector<CollectivePhase> mesh_phases(const Collective& mine,
                                         const std::vector<std::vector<CollectiveBuffer>>& of_rank,
                                         std::size_t max_sources);

}  // namespace nsim::hw
