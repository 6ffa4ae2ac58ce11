// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/dma_scheduler.h"

#include "sim/hw/dma_engine.h"
#include "sim/hw/time.h"

namespace nsim::hw {

DmaScheduler::DmaScheduler(sc_core::sc_module_name name) : sc_module(name) {
  SC_HAS_PROCESS(DmaScheduler);
  SC_METHOD(act);
  sensitive << due_;
  dont_initialize();
}

void DmaScheduler::serve_at(SimTime at, DmaEngine& engine) {
  schedule({at, ++scheduled_, &engine, nullptr, DeviceError::None});
}

void DmaScheduler::complete_at(SimTime at, DmaJob& job, DeviceError error) {
  schedule({at, ++scheduled_, nullptr, &job, error});
}

void DmaScheduler::schedule(const Action& action) {
  actions_.push(action);
  if (action.at < next_) {
    next_ = action.at;
    due_.notify(to_sc(next_ - now()));
  }
}

void DmaScheduler::act() {
  const SimTime time = now();
  next_ = time;  // nothing that happens now needs a notification
  while (!actions_.empty() && actions_.top().at <= time) {
    const Action action = actions_.top();
    actions_.pop();
    if (action.engine != nullptr) {
      action.engine->serve();
    } else {
      action.job->done(action.error);
    }
  }
  next_ = actions_.empty() ? kNever : actions_.top().at;
  if (next_ != kNever) {
    due_.notify(to_sc(next_ - time));
  }
}

}  // namespace nsim::hw
