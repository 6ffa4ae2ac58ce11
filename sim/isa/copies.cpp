// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/copies.h"

#include <algorithm>
#include <string>

#include "sim/isa/limits.h"

namespace nsim::isa {

std::vector<std::uint32_t> number_copies(const std::vector<Buffer>& buffers) {
  std::vector<std::uint32_t> first;
  first.reserve(buffers.size() + 1);
  std::int64_t next = 0;
  for (const Buffer& buffer : buffers) {
    first.push_back(static_cast<std::uint32_t>(next));
    next += std::clamp<std::int64_t>(buffer.copies, 1, kMaxCopies);
    if (next > kMaxCopies) {
      throw UserError(buffer.where, "buffer " + buffer.name + ": the program has more than " +
                                        std::to_string(kMaxCopies) + " buffers and copies");
    }
  }
  first.push_back(static_cast<std::uint32_t>(next));
  return first;
}

}  // namespace nsim::isa
