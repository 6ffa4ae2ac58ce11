// SPDX-License-Identifier: Apache-2.0
// Instructions that move elements to places, or look for them: copies under a predicate, shuffles,
// gathers, the eight largest.
#pragma once

#include <array>
#include <cstdint>

#include "sim/numerics/ops.h"

namespace nsim::num {

/// The first element of an integer operand: an index.
std::int64_t first_element(const View& view);

/// dst = src where predicate is not zero (zero when `reverse`); the rest of dst stays.
void tensor_copy_predicated(const View& dst, const View& src, const View& predicate, bool reverse);

inline constexpr std::int64_t kQuadrantPartitions = 32;
inline constexpr std::uint8_t kKeepPartition = 255;
/// In each quadrant of 32 partitions: dst row i = src row mask[i], 255 leaves dst as it is. A
/// source of fewer than 32 partitions serves every quadrant.
void nc_stream_shuffle(const View& dst, const View& src,
                       const std::array<std::uint8_t, kQuadrantPartitions>& mask);

/// The eight largest of each row, descending.
void max8(const View& dst, const View& src);
/// Position of each of `vals`' eight values in the row; the k-th repetition of a value gets its
/// k-th occurrence, a missing one all ones.
void nc_find_index8(const View& dst, const View& data, const View& vals);
/// dst = data in which, for i = 7 down to 0, the first occurrence of vals[i] that is left becomes
/// `imm`. `indices`, when not null, receives where each was: all ones when nowhere.
void nc_match_replace8(const View& dst, const View& data, const View& vals, float imm,
                       const View* indices);

/// Reduces over the partitions into one, with add, average, maximum, bitwise_or or bitwise_and.
void tensor_partition_reduce(const View& dst, const View& data, AluOp op);

inline constexpr std::int64_t kGpSimdPartitions = 16;  // that one core of GpSimd serves
/// For each group of 16 partitions the indices lie column by column in its rows of `index`; the
/// first `valid` count. Every partition of the group: dst[i*n ..] = src[index i ..] of n elements.
/// Elements beyond the row are not copied.
void local_gather(const View& dst, const View& src, const View& index, std::int64_t n,
                  std::int64_t valid);
/// dst[p, j] = data[p, indices[p, j]]; an index beyond the row leaves its element alone.
void nc_n_gather(const View& dst, const View& data, const View& indices);

/// Per group of 16 partitions that hold a list of n elements column by column: its largest,
/// ascending, and where they were, as many as one row of `values` takes; in the first row of the
/// group.
void topk(const View& values, const View& indices, const View& src, std::int64_t n);

/// For every element of one row of ids: begin and end (exclusive) of the run of equal ids it is in,
/// as dst[0, i] and dst[1, i]; id 0 is padding and gets (n, -1).
void sequence_bounds(const View& dst, const View& segment_ids);

/// In partitions 0, 16, ... of the operand: positions of the elements that are not zero plus
/// `offset`, then `padding`, last the count. dst has one element more than src.
void nonzero_with_count(const View& dst, const View& src, std::int64_t offset,
                        std::int64_t padding);

}  // namespace nsim::num
