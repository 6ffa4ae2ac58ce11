// SPDX-License-Identifier: Apache-2.0
// One of the rings of a DMA engine: jobs in the order they were queued.
#pragma once

#include <deque>

#include "sim/base/units.h"
#include "sim/hw/dma_job.h"

namespace nsim::hw {

class DmaRing {
 public:
  struct Entry {
    DmaJob* job = nullptr;
    SimTime available = 0;  // its descriptors are in the ring
  };

  void push(DmaJob& job, SimTime available) { entries_.push_back({&job, available}); }
  void pop() { entries_.pop_front(); }
  bool empty() const { return entries_.empty(); }
  const Entry& front() const { return entries_.front(); }

 private:
  std::deque<Entry> entries_;
};

}  // namespace nsim::hw
