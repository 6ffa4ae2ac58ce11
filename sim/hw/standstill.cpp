// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/standstill.h"

#include <fmt/format.h>

#include "sim/isa/opcode.h"

namespace nsim::hw {
namespace {

std::string added_by(isa::SemaphoreOwner owner) {
  switch (owner) {
    case isa::SemaphoreOwner::None:
      return "nothing adds to";
    case isa::SemaphoreOwner::Tensor:
      return "tensor adds to";
    case isa::SemaphoreOwner::Vector:
      return "vector adds to";
    case isa::SemaphoreOwner::Scalar:
      return "scalar adds to";
    case isa::SemaphoreOwner::GpSimd:
      return "gpsimd adds to";
    case isa::SemaphoreOwner::Sync:
      return "sync adds to";
    case isa::SemaphoreOwner::Dma:
      return "transfers add to";
    case isa::SemaphoreOwner::Peer:
      return "another core adds to";
    case isa::SemaphoreOwner::Mixed:
      return "several engines add to";
  }
  return "";
}

/// A semaphore that expand() inserted has no name.
std::string semaphore(const isa::Streams& streams, std::size_t index) {
  return index < streams.semaphores.size() ? streams.semaphores[index] : fmt::format("{}", index);
}

std::string waits_for(const Standstill& standstill, const isa::Streams& streams) {
  switch (standstill.cause) {
    case Standstill::Cause::Semaphore:
      return fmt::format("waits for semaphore {} >= {}, which is {} and {}",
                         semaphore(streams, standstill.wait.semaphore), standstill.wait.value,
                         standstill.value, added_by(standstill.owner));
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
  const isa::StreamInstruction& instruction = standstill.instruction;
  std::string where = isa::name(instruction.opcode);
  if (instruction.line != 0) {
    where += fmt::format(", line {}", instruction.line);
  }
  if (instruction.label != 0) {
    where += fmt::format(" (operator \"{}\")", streams.labels[instruction.label]);
  }
  return fmt::format("{} at {}: {}", isa::name(standstill.engine), where,
                     waits_for(standstill, streams));
}

}  // namespace nsim::hw
