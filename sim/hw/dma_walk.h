// SPDX-License-Identifier: Apache-2.0
// One side of a DMA as a list of elements in memory, walked in row-major order. Dimensions that are
// contiguous with the next inner one are merged, so that the walk offers the longest runs.
#pragma once

#include <array>
#include <cstdint>

#include "sim/numerics/dtype.h"

namespace nsim::hw {

class DmaWalk {
 public:
  /// One dimension: `count` steps of `stride` bytes. Outermost first.
  struct Dimension {
    std::int64_t count = 1;
    std::int64_t stride = 0;
  };

  DmaWalk() = default;
  DmaWalk(std::uint64_t base, num::Dtype dtype) : base_(base), dtype_(dtype) {}

  /// Appends the next inner dimension.
  void add(std::int64_t count, std::int64_t stride);

  num::Dtype dtype() const { return dtype_; }
  std::int64_t element_bytes() const { return element_bytes_; }
  std::int64_t elements() const;

  void seek(std::int64_t element);
  std::uint64_t address() const { return address_; }
  /// Elements from here on that lie one after the other.
  std::int64_t run() const { return inner_ - position_; }
  /// Goes on by `elements`, at most run().
  void advance(std::int64_t elements);

 private:
  static constexpr int kMaxDimensions = 7;

  std::uint64_t base_ = 0;
  num::Dtype dtype_ = num::Dtype::Fp32;
  std::int64_t element_bytes_ = static_cast<std::int64_t>(num::size_of(dtype_));
  std::array<Dimension, kMaxDimensions> outer_{};  // without the contiguous one
  int dimensions_ = 0;
  std::int64_t inner_ = 1;  // elements of the contiguous dimension

  std::array<std::int64_t, kMaxDimensions> index_{};
  std::int64_t position_ = 0;  // in the contiguous dimension
  std::uint64_t address_ = 0;
};

}  // namespace nsim::hw
