// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/dma_walk.h"

namespace nsim::hw {

void DmaWalk::add(std::int64_t count, std::int64_t stride) {
  if (count == 1) {
    return;
  }
  if (inner_ > 1) {
    // What was contiguous so far is not the innermost dimension any more.
    outer_[static_cast<std::size_t>(dimensions_++)] = {inner_, element_bytes_};
    inner_ = 1;
  }
  if (dimensions_ > 0) {
    Dimension& before = outer_[static_cast<std::size_t>(dimensions_ - 1)];
    if (before.stride == count * stride) {
      before = {before.count * count, stride};
      count = 1;
    }
  }
  if (count > 1) {
    outer_[static_cast<std::size_t>(dimensions_++)] = {count, stride};
  }
  if (dimensions_ > 0 &&
      outer_[static_cast<std::size_t>(dimensions_ - 1)].stride == element_bytes_) {
    inner_ = outer_[static_cast<std::size_t>(--dimensions_)].count;
  }
}

std::int64_t DmaWalk::elements() const {
  std::int64_t product = inner_;
  for (int d = 0; d < dimensions_; ++d) {
    product *= outer_[static_cast<std::size_t>(d)].count;
  }
  return product;
}

void DmaWalk::seek(std::int64_t element) {
  position_ = element % inner_;
  std::int64_t rest = element / inner_;
  std::int64_t offset = position_ * element_bytes_;
  for (int d = dimensions_ - 1; d >= 0; --d) {
    const auto i = static_cast<std::size_t>(d);
    index_[i] = rest % outer_[i].count;
    rest /= outer_[i].count;
    offset += index_[i] * outer_[i].stride;
  }
  address_ = base_ + static_cast<std::uint64_t>(offset);
}

void DmaWalk::advance(std::int64_t elements) {
  position_ += elements;
  std::int64_t offset = elements * element_bytes_;
  if (position_ == inner_) {
    position_ = 0;
    offset -= inner_ * element_bytes_;
    for (int d = dimensions_ - 1; d >= 0; --d) {
      const auto i = static_cast<std::size_t>(d);
      offset += outer_[i].stride;
      if (++index_[i] < outer_[i].count) {
        break;
      }
      offset -= outer_[i].count * outer_[i].stride;
      index_[i] = 0;
    }
  }
  address_ += static_cast<std::uint64_t>(offset);
}

}  // namespace nsim::hw
