// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/instruction_pool.h"

namespace nsim::isa {
namespace {

/// What an issue says of an operand instead of its instruction. How far one moves on at run time
/// depends on where it begins: the instruction says both.
std::int64_t own_offset(const Operand& operand, const Moved& moved) {
  return operand.space == Space::Hbm && !moved.any() ? operand.offset : 0;
}

std::int64_t place(const Operand& operand, std::int64_t own = 0) {
  return (operand.offset - own) * 256 + operand.partition;
}

}  // namespace

std::size_t InstructionPool::Hash::operator()(const Key& key) const {
  std::uint64_t hash = 0;
  for (const std::int64_t word : key) {
    hash = (hash ^ static_cast<std::uint64_t>(word)) * 0x9e3779b97f4a7c15U;
    hash ^= hash >> 32;
  }
  return hash;
}

void InstructionPool::share(std::uint32_t source, const StreamInstruction& instruction,
                            Issue& issue) {
  issue.dst_offset = own_offset(instruction.dst, instruction.dst_moved);
  issue.src_offset = own_offset(instruction.src[0], instruction.src_moved);
  const Key key{std::int64_t{source} * 2 + (instruction.accumulate ? 1 : 0),
                instruction.base,
                place(instruction.dst, issue.dst_offset),
                place(instruction.src[0], issue.src_offset),
                place(instruction.dst2),
                place(instruction.src[1]),
                place(instruction.operand0.operand),
                place(instruction.operand1.operand)};
  const auto [entry, added] =
      known_.try_emplace(key, static_cast<std::uint32_t>(instructions_.size()));
  if (added) {
    add(instruction, issue);
  }
  issue.instruction = entry->second;
}

void InstructionPool::add(const StreamInstruction& instruction, Issue& issue) {
  issue.dst_offset = own_offset(instruction.dst, instruction.dst_moved);
  issue.src_offset = own_offset(instruction.src[0], instruction.src_moved);
  issue.instruction = static_cast<std::uint32_t>(instructions_.size());
  instructions_.push_back(instruction);
  instructions_.back().dst.offset -= issue.dst_offset;
  instructions_.back().src[0].offset -= issue.src_offset;
}

}  // namespace nsim::isa
