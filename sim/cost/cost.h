// SPDX-License-Identifier: Apache-2.0
// How long an instruction takes: pure functions of instruction, dtypes, shapes and parameters. The
// hardware modules decide when it starts; nothing here knows about contention.
#pragma once

#include <cstdint>

#include "sim/base/params.h"
#include "sim/isa/stream.h"

namespace nsim::cost {

/// All in cycles of the instruction's engine.
struct Cost {
  std::int64_t interval = 0;  // the engine's datapath is taken: the next instruction may start after it
  std::int64_t latency = 0;   // from start until the result is visible to others (>= interval)
  std::int64_t load = 0;      // Tensor engine: LoadStationary cycles, hidden behind the pass before
};

/// Cost constants of one NeuronCore generation. Each is a parameter with unit, range and source.
struct EngineParams {
  explicit EngineParams(ParamScope scope);

  std::int64_t tensor_clock, vector_clock, scalar_clock, gpsimd_clock, sync_clock;  // Hz
  // ... the remaining constants: see cost.cpp
  std::int64_t min_interval;               // MIN_II, 64 cycles
  std::int64_t tensor_latency, vector_latency, scalar_latency, gpsimd_latency;  // fixed part of latency, cycles
};

Cost instruction_cost(const isa::StreamInstruction& instruction, const EngineParams& params);

/// Clock of an engine.
std::int64_t clock_of(isa::Engine engine, const EngineParams& params);

}  // namespace nsim::cost
