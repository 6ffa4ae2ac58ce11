// SPDX-License-Identifier: Apache-2.0
// How large the parts of a program may be. Far above what any device has: they only keep arithmetic
// and memory of those who read programs from overflowing. What fits a device is decided by
// expand().
#pragma once

#include <cstddef>
#include <cstdint>

namespace nsim::isa {

inline constexpr std::size_t kMaxRank = 8;
inline constexpr std::size_t kMaxLoopDepth = 64;
inline constexpr std::int64_t kMaxCores = 128;
inline constexpr std::int64_t kMaxPartitions = 1024;
inline constexpr std::int64_t kMaxBufferBytes = std::int64_t{1}
                                                << 32;  // per partition, also elements
inline constexpr std::int64_t kMaxTensorBytes = std::int64_t{1} << 48;

}  // namespace nsim::isa
