// SPDX-License-Identifier: Apache-2.0
// A data bus of an HBM stack that loses time when it turns between reads and writes.
//
// It turns to writes when it is free, or when a batch of them waits behind reads, and back with the
// next read. Writes below a batch are counted where they arrive: they take their share of the bus
// and no turn.
#pragma once

#include <algorithm>
#include <cstdint>

#include "sim/base/params.h"
#include "sim/base/timeline.h"

namespace nsim::hw {

struct HbmBusParams {
  HbmBusParams() = default;                 // turns cost nothing
  explicit HbmBusParams(ParamScope scope);  // [hbm.bus]
  SimTime t_rtw = 0;                        // end of reads to first write
  SimTime t_wtr = 0;                        // end of writes to first read
  std::int64_t write_batch = 1;             // bytes, of a pseudo-channel
};

class HbmBus {
 public:
  /// Reserves `duration` for `bytes` that came at `at`; returns the start.
  SimTime reserve(const HbmBusParams& params, SimTime at, bool write, std::int64_t bytes,
                  SimTime duration) {
    return line_.reserve(direction(write) == direction_ ? at : turn(params, at, write, bytes),
                         duration);
  }
  SimTime busy() const { return line_.busy(); }
  std::int64_t turnarounds() const { return turnarounds_; }

 private:
  enum class Direction : std::uint8_t { None, Read, Write };
  static Direction direction(bool write) { return write ? Direction::Write : Direction::Read; }

  /// Not before this moment.
  SimTime turn(const HbmBusParams& params, SimTime at, bool write, std::int64_t bytes) {
    if (direction_ == Direction::None) {
      direction_ = direction(write);
      return at;
    }
    if (write) {
      held_ += bytes;
      if (line_.free_at() > at && held_ < params.write_batch) {
        return at;
      }
    }
    held_ = 0;
    direction_ = direction(write);
    ++turnarounds_;
    return std::max(at, line_.free_at() + (write ? params.t_rtw : params.t_wtr));
  }

  Timeline line_;
  Direction direction_ = Direction::None;
  std::int64_t held_ = 0;  // written since the bus turned to reads
  std::int64_t turnarounds_ = 0;
};

}  // namespace nsim::hw
