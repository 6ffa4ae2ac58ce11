// SPDX-License-Identifier: Apache-2.0
// The body of a program as a flat list of steps, each instruction checked and prepared once: what
// expand() unrolls for every core.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "sim/isa/limits.h"
#include "sim/isa/program.h"
#include "sim/isa/resolve.h"

namespace nsim::isa {

/// An instruction, or the begin or end of a loop.
struct Step {
  /// Branch: as Issue, but the next instruction instead in the last iteration. Core: what follows,
  /// up to step number `index`, is for one core alone.
  enum class Kind : std::uint8_t { Issue, Branch, Begin, End, Core };
  Kind kind = Kind::Issue;
  std::uint32_t index = 0;  // of the instruction, of the loop, or of the step after the body
  std::uint32_t loop = 0;   // Branch: its loop; Core: the core
};

struct FlatLoop {
  std::uint32_t variable = 0;
  std::int64_t begin = 0;
  std::int64_t step = 0;
  std::int64_t trips = 0;
  std::size_t first_step = 0;  // after its Begin
};

struct FlatProgram {
  std::vector<Step> steps;
  std::vector<FlatLoop> loops;
  std::vector<PreparedInstruction> instructions;
  std::vector<bool> once;           // of each: a core issues it once
  std::deque<Instruction> control;  // made for dynamic loops: `instructions` refers to them
  std::array<std::int64_t, kEngineCount> per_engine{};  // instructions of one core
};

/// Throws UserError. The result refers to `program`.
FlatProgram flatten(const Program& program, const Limits& limits, const Resolver& resolver);

}  // namespace nsim::isa
