// SPDX-License-Identifier: Apache-2.0
// Initial contents of a tensor in the text form: `normal(0, 0.02, seed 7)`.
#pragma once

#include <string>

#include "sim/isa/lexer.h"
#include "sim/isa/program.h"

namespace nsim::isa {

/// Reads what follows the '=' of a tensor whose type and shape are known.
num::Init parse_init(TokenStream& tokens, const Tensor& tensor);

/// "" when the tensor has no initial contents.
std::string print_init(const num::Init& init);

}  // namespace nsim::isa
