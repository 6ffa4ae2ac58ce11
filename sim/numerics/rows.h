// SPDX-License-Identifier: Apache-2.0
// Rows of a view in and out of contiguous scratch: what lets every operation of ops.h be a plain
// loop. Internal to sim/numerics.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/numerics/ops.h"

namespace nsim::num {

/// A view prepared for reading and writing whole rows. Adjacent dimensions that continue each other
/// are merged once, so that a row is few runs of (stride, count).
///
/// The element type of the scratch chooses the meaning: float (value in fp32), std::int64_t (exact
/// integer, saturated on writing), std::uint32_t (raw bits, for copies between equal types).
class Rows {
 public:
  explicit Rows(const View& view);

  std::int64_t partitions() const { return partitions_; }
  std::size_t elements() const { return elements_; }
  Dtype dtype() const { return dtype_; }
  /// The elements of a row are adjacent in memory.
  bool contiguous() const { return runs_ == 1 && stride_[3] == size_; }
  std::byte* row(std::int64_t partition) const { return base_ + partition * partition_stride_; }

  template <class T>
  void read(std::int64_t partition, T* to) const;
  template <class T>
  void write(std::int64_t partition, const T* from) const;

 private:
  template <class Visit>
  void for_each_run(std::int64_t partition, Visit&& visit) const;

  std::byte* base_;
  std::int64_t partition_stride_;
  std::int64_t partitions_;
  std::size_t elements_;
  Dtype dtype_;
  std::int64_t size_;
  std::int64_t runs_;                     // product of the three outer counts
  std::array<std::int64_t, 4> stride_{};  // right-aligned after merging
  std::array<std::int64_t, 4> count_{1, 1, 1, 1};
};

/// At least `count` elements of this thread's scratch; contents and pointer are good until the next
/// call with the same slot and type.
template <class T>
T* scratch(int slot, std::size_t count) {
  thread_local std::array<std::vector<T>, 4> slots;
  std::vector<T>& buffer = slots[static_cast<std::size_t>(slot)];
  if (buffer.size() < count) {
    buffer.resize(count);
  }
  return buffer.data();
}

/// The value of a scalar operand for one partition.
template <class T>
T scalar_value(const Scalar& scalar, std::int64_t partition);

/// x rounded to nearest even and saturated to int64; NaN becomes 0.
std::int64_t to_integer(float x);

}  // namespace nsim::num
