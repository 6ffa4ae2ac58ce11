// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/dynamic_loop.h"

#include <algorithm>
#include <string>

#include "sim/isa/attribute.h"
#include "sim/isa/check.h"
#include "sim/isa/checked.h"
#include "sim/isa/opcode.h"

namespace nsim::isa {
namespace {

/// Besides the body itself: in the code once, for every engine.
constexpr std::int64_t kInEveryIteration = 2;  // register_alu, branch
constexpr std::int64_t kInFront = 1;           // register_move

/// One engine's part of a list of items.
struct Part {
  std::int64_t instructions = 0;  // in its code
  std::uint32_t label = 0;        // of the first of them
};
using Parts = std::array<Part, kEngineCount>;

void add(Part& sum, const Part& more, std::int64_t times, std::int64_t most) {
  if (sum.instructions == 0) {
    sum.label = more.label;
  }
  const bool many = more.instructions > most / std::max<std::int64_t>(times, 1);
  sum.instructions = std::min(most, sum.instructions + (many ? most : more.instructions * times));
}

Parts parts_of(const std::vector<Item>& items, std::int64_t most) {
  Parts parts{};
  for (const Item& item : items) {
    if (const auto* instruction = std::get_if<Instruction>(&item)) {
      add(parts.at(static_cast<std::size_t>(instruction->engine)), {1, instruction->label}, 1,
          most);
      continue;
    }
    const auto* inside = std::get_if<Loop>(&item);
    if (inside == nullptr) {
      continue;  // expand() refuses the body of a core here
    }
    const Loop& loop = *inside;
    const std::int64_t trips = trip_count(loop);
    if (trips == 0) {
      continue;
    }
    Parts inner = parts_of(loop.body, most);
    for (std::size_t e = 0; e < kEngineCount; ++e) {
      if (inner[e].instructions == 0) {
        continue;
      }
      inner[e].instructions += loop.dynamic ? kInFront + kInEveryIteration : 0;
      add(parts[e], inner[e], loop.dynamic ? 1 : trips, most);
    }
  }
  return parts;
}

Instruction control(Opcode opcode, Engine engine, const Loop& loop, std::uint32_t label) {
  Instruction made = with_defaults(opcode);
  made.engine = engine;
  made.label = label;
  made.where = loop.where;
  return made;
}

}  // namespace

std::int64_t trip_count(const Loop& loop) {
  if (loop.step < 1) {
    throw UserError(loop.where, "loop step " + std::to_string(loop.step) + " is not positive");
  }
  if (loop.begin >= loop.end) {
    return 0;
  }
  const std::int64_t span = checked_add(loop.end, -checked_add(loop.begin, 0));
  checked_add(loop.end, loop.step);  // the variable never leaves the range of numbers
  return (span - 1) / loop.step + 1;
}

std::vector<LoopControl> loop_control(const Loop& loop, int depth, std::int64_t most) {
  const std::int64_t counter = kRegisterCount - 1 - depth;
  const Parts parts = parts_of(loop.body, most);
  std::vector<LoopControl> result;
  for (int e = 0; e < kEngineCount; ++e) {
    const Part& part = parts.at(static_cast<std::size_t>(e));
    if (part.instructions == 0) {
      continue;
    }
    const auto engine = static_cast<Engine>(e);
    const std::int64_t iteration = part.instructions + kInEveryIteration;
    LoopControl made;
    made.entry = control(Opcode::RegisterMove, engine, loop, part.label);
    made.entry.count = counter;
    made.entry.base = loop.begin;
    made.entry.partition_step = iteration;
    made.update = control(Opcode::RegisterAlu, engine, loop, part.label);
    made.update.op0 = num::AluOp::Add;
    made.update.count = counter;
    made.update.pattern = {counter};
    made.update.base = loop.step;
    made.through = control(Opcode::Branch, engine, loop, part.label);
    made.branch = made.through;
    made.branch.base = iteration;
    result.push_back(std::move(made));
  }
  return result;
}

void check_sequencer(const Program& program, const Instruction& instruction, int depth) {
  if (instruction.opcode == Opcode::Branch) {
    refuse(program, instruction,
           "belongs to the end of a loop that the device runs: write loop V BEGIN..END dynamic "
           "{ ... }, which branches by itself");
  }
  const bool writes = info(instruction.opcode).has(Attribute::DstRegister);
  const std::int64_t free = kRegisterCount - depth;
  if (writes && instruction.count >= free && instruction.count < kRegisterCount) {
    refuse(program, instruction,
           "writes register " + std::to_string(instruction.count) +
               ", which a dynamic loop around it counts with; 0 to " + std::to_string(free - 1) +
               " are free");
  }
}

}  // namespace nsim::isa
