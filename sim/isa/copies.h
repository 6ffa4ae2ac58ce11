// SPDX-License-Identifier: Apache-2.0
// Numbers for the copies of all buffers of a program, one after the other: every copy has a
// lifetime and a place of its own.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/isa/program.h"

namespace nsim::isa {

/// One entry per buffer and one behind them: the copies of buffer i have the numbers from result[i]
/// on, up to result[i + 1]. Throws UserError when there are more than kMaxCopies (limits.h).
std::vector<std::uint32_t> number_copies(const std::vector<Buffer>& buffers);

}  // namespace nsim::isa
