// SPDX-License-Identifier: Apache-2.0
// A collectives core (TOP_SP): a sequencer that executes collectives by ringing the doorbells of
// DMA rings and by sending messages to its peers, one instruction after the other. The collectives
// queues of a logical core share its collectives cores evenly; several on one core take turns.
#pragma once

#include <cstdint>

#include "sim/base/params.h"
#include "sim/base/stats.h"
#include "sim/base/timeline.h"
#include "sim/hw/time.h"

namespace nsim::hw {

struct CcCoreParams {
  explicit CcCoreParams(ParamScope scope);  // [cc_core]
  SimTime instruction;                      // a doorbell, a message
  std::int64_t packet_bytes;                // of its DMA transfers
  std::int64_t part_bytes;                  // least share of a transfer for one DMA engine
  std::int64_t sources;                     // that one DMA transfer combines at most
};

class CcCore {
 public:
  explicit CcCore(const CcCoreParams& params) : params_(params) {}

  const CcCoreParams& params() const { return params_; }
  /// Executes the next instruction; returns when it takes effect.
  SimTime execute() {
    ++instructions_;
    return time_.reserve(now(), params_.instruction) + params_.instruction;
  }

  void report(StatsScope stats) const;

 private:
  const CcCoreParams params_;
  Timeline time_;
  std::int64_t instructions_ = 0;
};

}  // namespace nsim::hw
