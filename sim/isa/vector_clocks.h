// SPDX-License-Identifier: Apache-2.0
// Vector clocks by number. There is nearly one new clock per instruction: they come in blocks,
// which never move, and the numbers of clocks that nobody can ask for any more are given out again.
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
    const std::uint32_t added = take();
    std::copy_n((*this)[clock], actors_, (*this)[added]);
    return added;
  }

  /// Numbers ever given out are below this.
  std::uint32_t size() const { return size_; }
  /// Clocks given out and not taken back.
  std::uint32_t used() const { return size_ - static_cast<std::uint32_t>(free_.size()); }
  /// Takes back every clock whose entry in `live`, of size() entries, is false.
  void keep(const std::vector<bool>& live) {
    free_.clear();
    for (std::uint32_t clock = size_; clock-- > 0;) {
      if (!live[clock]) {
        free_.push_back(clock);
      }
    }
  }

 private:
  static constexpr std::uint32_t kBlockShift = 10;
  static constexpr std::uint32_t kBlock = 1U << kBlockShift;

  std::uint32_t take() {
    if (!free_.empty()) {
      const std::uint32_t clock = free_.back();
      free_.pop_back();
      return clock;
    }
    if (size_ % kBlock == 0) {
      extend();
    }
    return size_++;
  }
  void extend() { blocks_.push_back(std::make_unique<std::uint32_t[]>(kBlock * actors_)); }

  std::size_t actors_ = 0;
  std::uint32_t size_ = 1;
  std::vector<std::unique_ptr<std::uint32_t[]>> blocks_;
  std::vector<std::uint32_t> free_;
};

}  // namespace nsim::isa
