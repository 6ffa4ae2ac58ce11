// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/psum_writers.h"

#include <algorithm>

#include "sim/isa/cells.h"
#include "sim/isa/matmul_shape.h"

namespace nsim::isa {
namespace {

constexpr int kQuadrantPartitions = 32;

}  // namespace

PsumWriters::PsumWriters(std::int64_t bytes) {
  for (auto& quadrant : tensors_) {
    quadrant.assign(static_cast<std::size_t>((bytes + kCell - 1) / kCell), 0);
  }
}

bool PsumWriters::add(const StreamInstruction& instruction) {
  const bool tensor = instruction.engine == Engine::Tensor;
  if (is_matmul(instruction.opcode) && instruction.accumulate) {
    if (is_known(instruction.dst)) {
      return true;
    }
    const bool allowed = is_tensors(instruction.dst);
    if (allowed) {
      remember(instruction.dst);
    }
    return allowed;
  }
  for (const Operand* written : {&instruction.dst, &instruction.dst2}) {
    if (!in_psum(*written) || (tensor && is_known(*written))) {
      continue;
    }
    mark(*written, tensor);
    if (tensor) {
      remember(*written);
    } else {
      known_.fill({});
    }
  }
  return true;
}

bool PsumWriters::is_known(const Operand& operand) {
  const Footprint where = footprint(operand, kCell);
  const Tile& tile = slot_of(where.start);
  return where.dims == 0 && tile.start <= where.start && where.start + where.run <= tile.end &&
         tile.first_partition <= operand.partition &&
         operand.partition + operand.partitions <= tile.end_partition;
}

void PsumWriters::remember(const Operand& operand) {
  const Footprint where = footprint(operand, kCell);
  if (where.dims == 0) {
    slot_of(where.start) = {where.start, where.start + where.run, operand.partition,
                            operand.partition + operand.partitions};
  }
}

bool PsumWriters::in_psum(const Operand& operand) {
  return operand.present() && operand.space == Space::Psum;
}

PsumWriters::Partitions PsumWriters::part_of(const Operand& operand, int quadrant) {
  const int first = std::max(operand.partition - quadrant * kQuadrantPartitions, 0);
  const int end = std::min(operand.partition + operand.partitions - quadrant * kQuadrantPartitions,
                           kQuadrantPartitions);
  if (first >= end) {
    return 0;
  }
  const Partitions upto = end == kQuadrantPartitions ? ~Partitions{0} : (Partitions{1} << end) - 1;
  return upto & ~((Partitions{1} << first) - 1);
}

template <class Visit>
void PsumWriters::for_each_run(const Operand& operand, Visit&& visit) {
  const Footprint where = footprint(operand, kCell);
  where.for_each_run([&](std::int64_t start) {
    const std::int64_t first = start / kCell;
    visit(static_cast<std::size_t>(first),
          static_cast<std::size_t>((start + where.run - 1) / kCell - first + 1));
  });
}

void PsumWriters::mark(const Operand& operand, bool tensor) {
  for (int q = 0; q < kQuadrants; ++q) {
    const Partitions part = part_of(operand, q);
    if (part == 0) {
      continue;
    }
    Partitions* const cells = tensors_[static_cast<std::size_t>(q)].data();
    for_each_run(operand, [&](std::size_t first, std::size_t count) {
      for (std::size_t i = first; i < first + count; ++i) {
        cells[i] = tensor ? cells[i] | part : cells[i] & ~part;
      }
    });
  }
}

bool PsumWriters::is_tensors(const Operand& operand) const {
  Partitions missing = 0;
  for (int q = 0; q < kQuadrants; ++q) {
    const Partitions part = part_of(operand, q);
    if (part == 0) {
      continue;
    }
    const Partitions* const cells = tensors_[static_cast<std::size_t>(q)].data();
    for_each_run(operand, [&](std::size_t first, std::size_t count) {
      for (std::size_t i = first; i < first + count; ++i) {
        missing |= part & ~cells[i];
      }
    });
  }
  return missing == 0;
}

}  // namespace nsim::isa
