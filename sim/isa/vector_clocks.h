// SPDX-License-Identifier: Apache-2.0
// Vector clocks by number. They come in blocks, because there is nearly one per instruction: a
// vector that doubles would copy them, and need three times their memory while it does.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace nsim::isa {

class VectorClocks {
 public:
  VectorClocks() = default;
  /// One word per actor; clock 0 is all zero.
  explicit VectorClocks(int actors) : actors_(static_cast<std::size_t>(actors)) { extend(); }

  /// The words of a clock, which stay where they are.
  std::uint32_t* operator[](std::uint32_t clock) {
    return &blocks_[clock >> kBlockShift][(clock % kBlock) * actors_];
  }
  /// The number of a new clock that equals `clock`.
  std::uint32_t copy(std::uint32_t clock) {
    const std::uint32_t added = size_++;
    if (added % kBlock == 0) {
      extend();
    }
    std::copy_n((*this)[clock], actors_, (*this)[added]);
    return added;
  }

 private:
  static constexpr std::uint32_t kBlockShift = 10;
  static constexpr std::uint32_t kBlock = 1U << kBlockShift;

  void extend() { blocks_.push_back(std::make_unique<std::uint32_t[]>(kBlock * actors_)); }

  std::size_t actors_ = 0;
  std::uint32_t size_ = 1;
  std::vector<std::unique_ptr<std::uint32_t[]>> blocks_;
};

}  // namespace nsim::isa
