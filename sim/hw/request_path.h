// SPDX-License-Identifier: Apache-2.0
// The critical path of a request: what its time was spent on, from the doorbell's arrival at the
// unit to the unit's report. Free of SystemC.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "sim/base/units.h"
#include "sim/hw/request.h"
#include "sim/isa/program.h"

namespace nsim::hw {

/// What a segment was spent on.
enum class PathKind : std::uint8_t {
  Doorbell,     // host to unit
  Queue,        // earlier requests of the unit
  Descriptor,   // fetch of descriptor and bindings from host memory
  Launch,       // from the start of the request to its first work
  Start,        // what stands in front of a program, and the fetch of its first instructions
  Fetch,        // further instructions
  Execute,      // an instruction occupies its engine
  Throttle,     // the part of that which the utilisation limit adds
  Result,       // from the start of an instruction to its result
  Table,        // Scalar's function table
  Weights,      // Tensor's weights, while the array has nothing else to do
  Semaphore,    // from an update to the engine that waits for it
  Peer,         // the same between the cores of a logical core
  Bank,         // a PSUM bank that another engine holds
  Port,         // the SBUF port that another engine holds
  Descriptors,  // of a DMA transfer are made
  DmaQueue,     // DMA engines are busy with other transfers
  DmaMove,      // DMA engines move bytes
  DmaMemory,    // they wait for HBM, on-chip memory or a link
  DmaFinish,    // from the last byte that left the engine to the semaphore
  Copy,         // a host transfer
  Collective,   // a collective operation
  Failure,      // of a request that failed: from the last that is known to have happened
  Interrupt     // unit to host
};
inline constexpr int kPathKindCount = static_cast<int>(PathKind::Interrupt) + 1;
/// "dma_queue"
const char* name(PathKind kind);

struct PathSegment {
  SimTime from = 0;
  SimTime to = 0;
  PathKind kind = PathKind::Queue;
  int core = -1;                 // physical, of the device; -1: none
  bool has_instruction = false;  // what follows tells which
  isa::Engine engine = isa::Engine::Sync;
  isa::Opcode opcode = isa::Opcode::Nop;
  std::uint32_t line = 0;       // of the program
  std::string_view label = {};  // valid while it is handed over
  std::string_view queue = {};  // of a DMA transfer
};

/// Segments join: each begins where the one before ends.
struct RequestPath {
  UnitAddress unit;
  std::uint64_t flow = 0;  // of the request's descriptor; 0 when that could not be read
  SimTime started = 0;     // the unit began the request
  SimTime ended = 0;
  std::vector<PathSegment> segments;
};

/// Simulation thread.
using PathHandler = std::function<void(const RequestPath&)>;

}  // namespace nsim::hw
