// SPDX-License-Identifier: Apache-2.0
// One of the rings of a DMA engine: jobs in the order they were queued.
#pragma once

#include <algorithm>
#include <cstdint>
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

  /// The last packet moved `bytes`; with every `barrier_bytes` of the ring, whichever transfers
  /// they belong to, it rests until `at`.
  void moved(std::int64_t bytes, std::int64_t barrier_bytes, SimTime at) {
    since_barrier_ += bytes;
    if (since_barrier_ >= barrier_bytes) {
      since_barrier_ %= barrier_bytes;
      rested_at_ = at;
    }
  }
  /// When its first job may go on.
  SimTime ready_at() const { return std::max(rested_at_, entries_.front().available); }

  void push(DmaJob& job, SimTime available) { entries_.push_back({&job, available}); }
  void pop() { entries_.pop_front(); }
  bool empty() const { return entries_.empty(); }
  const Entry& front() const { return entries_.front(); }

 private:
  std::deque<Entry> entries_;
  SimTime rested_at_ = 0;
  std::int64_t since_barrier_ = 0;  // bytes
};

}  // namespace nsim::hw
