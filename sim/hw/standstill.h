// SPDX-License-Identifier: Apache-2.0
// Where an engine stands in an execution that does not end, for the message about it.
#pragma once

#include <cstdint>
#include <string>

#include "sim/isa/stream.h"

namespace nsim::hw {

struct Standstill {
  /// Time: nothing it could name, the instruction is under way.
  enum class Cause : std::uint8_t { Time, Semaphore, Barrier, Hung };

  const isa::StreamInstruction* instruction = nullptr;  // of the execution under way
  Cause cause = Cause::Time;
  // Semaphore: what it waits for, what is there, and who adds to it.
  isa::StreamWait wait;
  std::int32_t value = 0;
  isa::SemaphoreOwner owner = isa::SemaphoreOwner::None;
};

/// "vector at tensor_copy, line 12 (operator "add"): waits for semaphore never >= 3, which is 0 and
/// nothing adds to".
std::string text(const Standstill& standstill, const isa::Streams& streams);

}  // namespace nsim::hw
