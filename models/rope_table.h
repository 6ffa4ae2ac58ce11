// SPDX-License-Identifier: Apache-2.0
// Tables of the rotary position embedding: weights that a model file gives as a formula.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/numerics/dtype.h"

namespace nsim::ml {

/// The storage of a [positions, columns] tensor whose row s, column i is cos or sin of
/// (first + s) * base^(-i / columns).
std::vector<std::byte> rope_bytes(num::Dtype dtype, const std::vector<std::int64_t>& shape,
                                  double base, double first, bool cosine);

}  // namespace nsim::ml
