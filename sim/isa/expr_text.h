// SPDX-License-Identifier: Apache-2.0
// Expressions in the text form: `m % 2 * 512 + k / 4 * 64 - 3`.
#pragma once

#include <string>

#include "sim/isa/text_state.h"

namespace nsim::isa {

/// Most different terms an expression may have: one per loop and use of it is plenty.
inline constexpr std::size_t kMaxTerms = 64;

/// Reads the longest expression at the next token. Throws UserError when it is not affine.
Expr parse_expr(TextState& state);
std::string print_expr(const Expr& expr, const Program& program);

}  // namespace nsim::isa
