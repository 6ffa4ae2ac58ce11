// SPDX-License-Identifier: Apache-2.0
// Microscaling formats (OCP MX v1.0) as NeuronCore-v4 has them: 32 elements, 8 partitions of one
// packed element each, share a power-of-two scale that is stored as its biased exponent in a byte.
#pragma once

#include <array>
#include <cstdint>

#include "sim/numerics/ops.h"

namespace nsim::num {

inline constexpr std::int64_t kPacked = 4;        // elements in one of a packed type
inline constexpr std::int64_t kMxPartitions = 8;  // of one group
inline constexpr std::int64_t kMxQuadrant = 32;   // partitions whose scales lie together
inline constexpr std::int64_t kMxScaleRows = kMxQuadrant / kMxPartitions;

/// The four values in one element of a packed type, without scale.
std::array<float, kPacked> unpack(Dtype packed, const std::byte* from);

/// The value of a stored scale: 2^(stored - 127); 255 is NaN.
float mx_scale(std::uint8_t stored);

/// The row of a scale operand that belongs to partition `partition` of the data: the four groups of
/// a quadrant are in its first four rows.
constexpr std::int64_t mx_scale_row(std::int64_t partition) {
  return partition - partition % kMxQuadrant + partition % kMxQuadrant / kMxPartitions;
}
/// Partitions from the first to the last scale of `partitions` partitions of data.
constexpr std::int64_t mx_scale_rows(std::int64_t partitions) {
  return mx_scale_row(partitions - 1) + 1;
}

/// dst [P, F] of a packed fp8 type and its scales, from src [P, 4F]: the largest magnitude of a
/// group gets the second highest exponent of the type.
void quantize_mx(const View& dst, const View& dst_scale, const View& src);

}  // namespace nsim::num
