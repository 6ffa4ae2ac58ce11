// SPDX-License-Identifier: Apache-2.0
// Which bytes of PSUM the Tensor engine wrote last. Before NeuronCore-v4 it may add to nothing
// else: what comes of accumulating onto another engine's result, or onto what nobody wrote, is
// undefined (NKI nki.isa, nc_matmul).
//
// Data flow: Expansion shows every instruction in program order -> a matmul that accumulates is
// checked, one that overwrites and a transpose mark what they write as Tensor's, any other write
// takes the mark away. Tiles in one run of bytes that are known to be Tensor's are remembered until
// another engine writes, so that a loop of matmuls onto one tile does not look at its cells again.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "sim/isa/stream.h"

namespace nsim::isa {

class PsumWriters {
 public:
  /// Of a core; `bytes` is what of each partition the program uses.
  explicit PsumWriters(std::int64_t bytes);

  /// False when the instruction accumulates onto anything that Tensor did not write last. Complete,
  /// and in program order.
  bool add(const StreamInstruction& instruction);

 private:
  static constexpr int kQuadrants = 4;
  static constexpr std::int64_t kCell = 4;  // bytes: an element of what matmuls accumulate
  /// Bit p: of partition p of the quadrant.
  using Partitions = std::uint32_t;

  /// A run of bytes in some partitions, all of it Tensor's.
  struct Tile {
    std::int64_t start = 0;
    std::int64_t end = 0;
    int first_partition = 0;
    int end_partition = 0;
  };
  static constexpr std::int64_t kTileBytes = 1024;  // tiles of one slot lie this far apart

  Tile& slot_of(std::int64_t start) {
    return known_[static_cast<std::size_t>(start / kTileBytes) % known_.size()];
  }
  bool is_known(const Operand& operand);
  void remember(const Operand& operand);

  /// Calls visit(first, count) for every run of cells of the operand in a partition.
  template <class Visit>
  static void for_each_run(const Operand& operand, Visit&& visit);
  void mark(const Operand& operand, bool tensor);
  bool is_tensors(const Operand& operand) const;
  static Partitions part_of(const Operand& operand, int quadrant);
  static bool in_psum(const Operand& operand);

  std::array<std::vector<Partitions>, kQuadrants> tensors_;  // by cell
  std::array<Tile, 16> known_{};
};

}  // namespace nsim::isa
