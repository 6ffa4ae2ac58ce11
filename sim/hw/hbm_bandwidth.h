// SPDX-License-Identifier: Apache-2.0
// The fast HBM model, [hbm] model = "bandwidth": a stack is one pipe of its peak rate, which serves
// transactions in the order of their arrival, whatever they touch. With [hbm] turnaround it loses
// time where a stream of reads and writes turns, as the data buses of the banked model do.
#pragma once

#include "sim/hw/hbm_bus.h"
#include "sim/hw/hbm_timing.h"

namespace nsim::hw {

class HbmBandwidth : public HbmTiming {
 public:
  /// `turns`: of the pipe as a whole.
  HbmBandwidth(std::int64_t bandwidth, SimTime latency, const HbmBusParams& turns = {})
      : bandwidth_(bandwidth), latency_(latency), turns_(turns) {}

  Service access(const HbmAccess& access) override;
  void report(StatsScope stats) const override;

 private:
  const std::int64_t bandwidth_;
  const SimTime latency_;
  const HbmBusParams turns_;
  HbmBus pipe_;
  SimTime waited_ = 0;
};

}  // namespace nsim::hw
