// SPDX-License-Identifier: Apache-2.0
// Which pseudo-channel, bank and row of an HBM stack a byte lies in.
//
//   offset = ((super-row * chunks of a page + stripe) * pseudo-channels + lane) * interleave + byte
//
// A chunk of `interleave` bytes lies in one pseudo-channel. A stripe is one chunk in each of them;
// which lane goes to which is a hash of the stripe, so that rows of a matrix at a power-of-two
// distance spread over all. A super-row is one page (DRAM row) of the same bank in each of them;
// banks follow each other from super-row to super-row, in the order of a hash of the row.
#pragma once

#include <cstdint>

namespace nsim::hw {

struct HbmGeometry {
  std::int64_t pseudo_channels = 16;  // power of two
  std::int64_t burst = 32;            // bytes of one column access, power of two
  std::int64_t page = 1024;           // bytes of a row, power of two
  std::int64_t interleave = 256;      // bytes, power of two, burst .. page
  std::int64_t bank_groups = 4;
  std::int64_t banks = 32;  // of a pseudo-channel; bank b is in group b % bank_groups
};

class HbmAddressMap {
 public:
  struct Row {
    std::int64_t bank = 0;
    std::int64_t group = 0;  // of the bank
    std::int64_t row = 0;
  };

  explicit HbmAddressMap(const HbmGeometry& geometry);

  const HbmGeometry& geometry() const { return geometry_; }

  std::int64_t pseudo_channel(std::uint64_t offset) const {
    const std::uint64_t chunk = offset >> interleave_bits_;
    return static_cast<std::int64_t>(swizzle(chunk & lane_mask_, chunk >> lane_bits_));
  }
  Row row(std::uint64_t offset) const { return row_of(offset >> super_row_bits_); }

  /// Visits every row segment of [offset, offset + bytes), bytes > 0, as
  /// `visit(pseudo-channel, Row, bursts)`: all bursts of one row in one call.
  template <class Visit>
  void visit(std::uint64_t offset, std::uint64_t bytes, Visit visit) const {
    const std::uint64_t last = offset + bytes - 1;
    while (offset <= last) {
      const std::uint64_t super_row = offset >> super_row_bits_;
      const std::uint64_t next = (super_row + 1) << super_row_bits_;
      visit_super_row(offset, last < next ? last : next - 1, row_of(super_row), visit);
      offset = next;
    }
  }

 private:
  /// Fibonacci hashing: the upper bits of a product with 2^64 / golden ratio.
  static constexpr std::uint64_t kGolden = 0x9E3779B97F4A7C15ULL;

  std::uint64_t swizzle(std::uint64_t lane, std::uint64_t stripe) const {
    return lane ^ ((stripe * kGolden) >> 40 & lane_mask_);
  }
  Row row_of(std::uint64_t super_row) const {
    const std::uint64_t row = super_row / banks_;
    // The hash scaled to [0, banks).
    const std::uint64_t turn = ((row * kGolden) >> 32) * banks_ >> 32;
    auto bank = static_cast<std::uint32_t>(super_row - row * banks_ + turn);
    bank -= bank >= banks_ ? banks_ : 0;
    return {static_cast<std::int64_t>(bank), static_cast<std::int64_t>(bank % groups_),
            static_cast<std::int64_t>(row)};
  }

  /// [offset, last] within one super-row.
  template <class Visit>
  void visit_super_row(std::uint64_t offset, std::uint64_t last, Row row, Visit& visit) const {
    const std::uint64_t first_chunk = offset >> interleave_bits_;
    const std::uint64_t last_chunk = last >> interleave_bits_;
    const std::uint64_t first_stripe = first_chunk >> lane_bits_;
    const std::uint64_t last_stripe = last_chunk >> lane_bits_;
    const std::uint64_t full = (interleave_mask_ + 1) >> burst_bits_;
    // Bursts of the first and last chunk that are not touched.
    const std::uint64_t before = (offset & interleave_mask_) >> burst_bits_;
    const std::uint64_t after = full - 1 - ((last & interleave_mask_) >> burst_bits_);
    if (first_stripe == last_stripe) {
      for (std::uint64_t chunk = first_chunk; chunk <= last_chunk; ++chunk) {
        const std::uint64_t bursts =
            full - (chunk == first_chunk ? before : 0) - (chunk == last_chunk ? after : 0);
        visit(swizzle(chunk & lane_mask_, first_stripe), row, static_cast<std::int64_t>(bursts));
      }
      return;
    }
    const std::uint64_t between = (last_stripe - first_stripe - 1) * full;
    const std::uint64_t first_lane = first_chunk & lane_mask_;
    const std::uint64_t last_lane = last_chunk & lane_mask_;
    for (std::uint64_t channel = 0; channel <= lane_mask_; ++channel) {
      const std::uint64_t head =
          swizzle(channel, first_stripe);  // its lane: swizzle is its inverse
      const std::uint64_t tail = swizzle(channel, last_stripe);
      std::uint64_t bursts = between;
      bursts += head >= first_lane ? full - (head == first_lane ? before : 0) : 0;
      bursts += tail <= last_lane ? full - (tail == last_lane ? after : 0) : 0;
      if (bursts > 0) {
        visit(channel, row, static_cast<std::int64_t>(bursts));
      }
    }
  }

  HbmGeometry geometry_;
  std::uint32_t banks_;
  std::uint32_t groups_;
  unsigned burst_bits_;
  unsigned interleave_bits_;
  unsigned lane_bits_;
  unsigned super_row_bits_;
  std::uint64_t interleave_mask_;
  std::uint64_t lane_mask_;
};

}  // namespace nsim::hw
