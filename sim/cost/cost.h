// SPDX-License-Identifier: Apache-2.0
// How long an instruction takes: pure functions of instruction, dtypes, shapes and parameters. The
// hardware modules decide when it starts; nothing here knows about contention.
#pragma once

#include <cstdint>

#include "sim/cost/engine_params.h"
#include "sim/isa/stream.h"

namespace nsim::cost {

/// All in cycles of the instruction's engine. A single instruction lasts `latency`, a chain of
/// dependent ones `latency` plus the semaphore each, a stream of independent ones `interval` each.
struct Cost {
  std::int64_t interval =
      0;  // the engine's datapath is taken: the next instruction may start after it
  std::int64_t setup = 0;    // of which nothing has reached the datapath yet: part of latency
  std::int64_t latency = 0;  // from start until the result is visible to others (>= interval)
  std::int64_t load = 0;     // Tensor engine: LoadStationary cycles, hidden behind the pass before
  std::int64_t load_latency = 0;  // LoadStationary, from start to weights in place
};

Cost instruction_cost(const isa::StreamInstruction& instruction, const EngineParams& params);

/// The same at `rate` (0 to 1) of the engine's rate: what streams takes longer, what is fixed does
/// not.
Cost slowed(const Cost& cost, double rate);

/// GpSimd cycles that software descriptor generation takes for a DMA instruction; part of
/// instruction_cost() when GpSimd itself issues it, zero for other modes.
std::int64_t swdge_cycles(const isa::StreamInstruction& instruction, const EngineParams& params);

/// Contiguous runs a DMA instruction splits into, each one descriptor (more beyond 64 KiB).
std::int64_t descriptors(const isa::StreamInstruction& instruction);

/// 2*K*M*N of an nc_matmul, 0 of everything else.
std::int64_t flops(const isa::StreamInstruction& instruction);

/// A Vector instruction that takes more than one element per lane and cycle.
bool is_wide(const isa::StreamInstruction& instruction, const EngineParams& params);

/// Clock of an engine.
std::int64_t clock_of(isa::Engine engine, const EngineParams& params);

}  // namespace nsim::cost
