// SPDX-License-Identifier: Apache-2.0
// Loops that the device runs instead of the compiler unrolling them (nki.language: dynamic_range,
// fori_loop). Streams hold their iterations one after the other all the same: what is different is
// that every engine with an instruction in the body
// - sets a register to the first value of the variable (register_move),
// - after each iteration adds the step to it (register_alu) and goes back, or on (branch),
// - keeps one copy of the body in its code, however often it runs: sim/hw/instruction_fetch.h.
// A loop inside others takes the register below that of the loop around it; the outermost one has
// the last. Addresses and semaphore values that follow from the variable cost nothing extra:
// nothing is published about that.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "sim/isa/program.h"
#include "sim/isa/stream.h"

namespace nsim::isa {

/// Throws UserError for a step below 1, or numbers that overflow.
std::int64_t trip_count(const Loop& loop);

/// What one engine executes besides the body.
struct LoopControl {
  Instruction entry;    // register_move
  Instruction update;   // register_alu
  Instruction branch;   // to the first instruction of the body
  Instruction through;  // the branch of the last iteration: not taken
};

/// One for each engine that has something to do in `loop`, the `depth`-th dynamic loop around each
/// other (0: the outermost). No engine's code may have more than `most` instructions: longer bodies
/// count as `most`.
std::vector<LoopControl> loop_control(const Loop& loop, int depth, std::int64_t most);

/// Throws UserError when `instruction`, in `depth` dynamic loops, is a branch or writes a register
/// that a loop counts with.
void check_sequencer(const Program& program, const Instruction& instruction, int depth);

}  // namespace nsim::isa
