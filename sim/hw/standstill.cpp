// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/standstill.h"

#include <fmt/format.h>

#include "sim/isa/opcode.h"

namespace nsim::hw {
namespace {

/// By isa::SemaphoreOwner.
constexpr const char* kAddedBy[] = {
    "nothing adds to",  "tensor adds to",       "vector adds to",
    "scalar adds to",   "gpsimd adds to",       "sync adds to",
    "transfers add to", "another core adds to", "several engines add to"};

/// A semaphore that expand() inserted has no name.
std::string semaphore(const isa::Streams& streams, std::size_t index) {
  return index < streams.semaphores.size() ? streams.semaphores[index] : fmt::format("{}", index);
}

std::string waits_for(const Standstill& standstill, const isa::Streams& streams) {
  switch (standstill.cause) {
    case Standstill::Cause::Semaphore:
      return fmt::format("waits for semaphore {} >= {}, which is {} and {}",
                         semaphore(streams, standstill.wait.semaphore), standstill.wait.value,
                         standstill.value, kAddedBy[static_cast<std::size_t>(standstill.owner)]);
    case Standstill::Cause::Barrier:
      return "waits for the other cores at a barrier";
    case Standstill::Cause::Hung:
      return "hangs: the instruction does not retire";
    case Standstill::Cause::Time:
      break;
  }
  return "is at work";
}

}  // namespace

std::string text(const Standstill& standstill, const isa::Streams& streams) {
  const isa::StreamInstruction& instruction = *standstill.instruction;
  std::string where = isa::name(instruction.opcode);
  if (instruction.line != 0) {
    where += fmt::format(", line {}", instruction.line);
  }
  if (instruction.label != 0) {
    where += fmt::format(" (operator \"{}\")", streams.labels[instruction.label]);
  }
  return fmt::format("{} at {}: {}", isa::name(instruction.engine), where,
                     waits_for(standstill, streams));
}

}  // namespace nsim::hw
