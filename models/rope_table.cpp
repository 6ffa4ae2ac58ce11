// SPDX-License-Identifier: Apache-2.0
#include "models/rope_table.h"

#include <cmath>

namespace nsim::ml {

std::vector<std::byte> rope_bytes(num::Dtype dtype, const std::vector<std::int64_t>& shape,
                                  double base, double first, bool cosine) {
  const std::size_t element = num::size_of(dtype);
  std::vector<std::byte> bytes(static_cast<std::size_t>(shape[0] * shape[1]) * element);
  std::byte* to = bytes.data();
  for (std::int64_t s = 0; s < shape[0]; ++s) {
    for (std::int64_t i = 0; i < shape[1]; ++i, to += element) {
      const double exponent = -static_cast<double>(i) / static_cast<double>(shape[1]);
      const double angle = (first + static_cast<double>(s)) * std::pow(base, exponent);
      num::store(dtype, to, static_cast<float>(cosine ? std::cos(angle) : std::sin(angle)));
    }
  }
  return bytes;
}

}  // namespace nsim::ml
