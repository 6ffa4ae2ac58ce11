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
/// Instructions and loops as written; a small compressed file must not fill the memory.
inline constexpr std::size_t kMaxItems = std::size_t{1} << 20;
inline constexpr std::size_t kMaxSemaphoreUses = 255;  // waits, and updates, of one instruction
inline constexpr std::int64_t kMaxCores = 128;
inline constexpr std::int64_t kMaxPartitions = 1024;
inline constexpr std::int64_t kMaxBufferBytes = std::int64_t{1}
                                                << 32;  // per partition, also elements
/// Of a buffer, and of all together.
inline constexpr std::int64_t kMaxCopies = std::int64_t{1} << 22;
inline constexpr std::int64_t kMaxTensorBytes = std::int64_t{1} << 48;

}  // namespace nsim::isa
