// SPDX-License-Identifier: Apache-2.0
// The routines of GpSimd: programs of its eight cores rather than passes of a datapath. Internal to
// sim/cost.
#pragma once

#include <cstdint>
#include <optional>

#include "sim/cost/engine_params.h"
#include "sim/isa/stream.h"

namespace nsim::cost {

/// Cycles of an instruction that is a routine, its start-up included; nothing for the others.
std::optional<std::int64_t> routine_cycles(const isa::StreamInstruction& instruction,
                                           const GpSimdParams& params);

}  // namespace nsim::cost
