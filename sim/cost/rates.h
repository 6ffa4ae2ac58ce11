// SPDX-License-Identifier: Apache-2.0
// Cycles per element of what streams through Vector, Scalar and GpSimd: by instruction, types,
// memories and layout. Internal to sim/cost.
#pragma once

#include <cstdint>

#include "sim/cost/engine_params.h"
#include "sim/isa/stream.h"

namespace nsim::cost {

bool is_fp8(const isa::Operand& operand);

/// Whole cycles of so many elements.
std::int64_t cycles(std::int64_t elements, double rate);

/// Elements per partition that stream through the engine.
std::int64_t streamed(const isa::StreamInstruction& instruction);

/// Slow-down of one access; 1 unless it strides too far.
double stride_factor(const isa::Operand& operand, const EngineParams& params);
/// The slowest access holds the whole instruction back.
double stride_factor(const isa::StreamInstruction& instruction, const EngineParams& params);

double vector_rate(const isa::StreamInstruction& instruction, const VectorParams& params);
double scalar_rate(const isa::StreamInstruction& instruction, const ScalarParams& params);
double gpsimd_rate(const isa::StreamInstruction& instruction, const EngineParams& params);

}  // namespace nsim::cost
