// SPDX-License-Identifier: Apache-2.0
// A host DMA engine: moves what tensor units ask for between host memory and HBM, and within HBM.
// Its transmit and receive sides are rings of their own, so that reads and writes overlap.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <systemc>
#include <vector>

#include "sim/base/params.h"
#include "sim/base/stats.h"
#include "sim/hw/dma_engine.h"
#include "sim/hw/fabric.h"
#include "sim/hw/request.h"

namespace nsim::hw {

struct HostCopy {
  std::uint64_t source = 0;
  std::uint64_t destination = 0;
  std::int64_t bytes = 0;  // > 0
  bool fill = false;       // with `fill_value` instead of the source
  std::uint8_t fill_value = 0;
  DeviceError error = DeviceError::None;  // fails with it half-way
  Origin origin;
};

class HostDma : public sc_core::sc_module {
 public:
  using Done = std::function<void(DeviceError)>;

  HostDma(sc_core::sc_module_name name, const DmaEngineParams& params, int home, bool numerics,
          Faults* faults = nullptr);
  ~HostDma() override;

  void bind(Fabric& fabric);
  /// `done` runs once, on the simulation thread. Copies of one ring and direction are moved in
  /// order.
  void submit(int ring, const HostCopy& copy, Done done);
  /// Moves nothing more for `unit`; its copies under way end silently.
  void abort(const UnitAddress& unit);

  void report(StatsScope stats) const;

 private:
  class Job;

  DmaEngine& engine_for(const HostCopy& copy);
  void finish(Job& job, DeviceError error);

  const bool numerics_;
  DmaScheduler scheduler_{"scheduler"};
  DmaActivity activity_;
  DmaEngine to_device_;
  DmaEngine to_host_;
  DmaEngine local_;
  std::vector<std::unique_ptr<Job>> jobs_;  // under way
};

}  // namespace nsim::hw
