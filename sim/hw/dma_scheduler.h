// SPDX-License-Identifier: Apache-2.0
// When the DMA engines of one core act. They mostly do so at the same moments, because a transfer
// is shared out evenly: one process for all of them instead of two each saves most activations.
#pragma once

#include <cstdint>
#include <queue>
#include <systemc>
#include <vector>

#include "sim/base/units.h"
#include "sim/hw/dma_job.h"

namespace nsim::hw {

class DmaEngine;

class DmaScheduler : public sc_core::sc_module {
 public:
  explicit DmaScheduler(sc_core::sc_module_name name);

  /// Calls engine.serve() at `at`.
  void serve_at(SimTime at, DmaEngine& engine);
  /// Calls job.done(error) at `at`.
  void complete_at(SimTime at, DmaJob& job, DeviceError error);

 private:
  struct Action {
    SimTime at = 0;
    std::uint64_t order = 0;  // of being scheduled: what is due at the same time happens in it
    DmaEngine* engine = nullptr;
    DmaJob* job = nullptr;
    DeviceError error = DeviceError::None;
  };
  struct Later {
    bool operator()(const Action& a, const Action& b) const {
      return a.at != b.at ? a.at > b.at : a.order > b.order;
    }
  };

  void schedule(const Action& action);
  void act();

  std::priority_queue<Action, std::vector<Action>, Later> actions_;
  std::uint64_t scheduled_ = 0;
  SimTime next_ = kNever;  // of the notification under way
  sc_core::sc_event due_;
};

}  // namespace nsim::hw
