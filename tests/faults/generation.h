// SPDX-License-Identifier: Apache-2.0
// What the matrices of faults do differently in the generations of the asynchronous interface:
// generation_a.cpp and generation_c.cpp.
#pragma once

#include <cstdint>
#include <memory>

#include "tests/faults/fault_bench.h"

namespace nsim::test {

/// The collectives of one unit, and what the client is told of each, in every way there is: A error
/// trackers and completion handles; C places for statuses, events of requests and of the unit.
class Reports {
 public:
  Reports(std::uint32_t core, int queue);
  ~Reports();
  Reports(Reports&&) noexcept;

  NRT_STATUS schedule(nrt_cc_context_t** context, nrta_seq_t* sequence);
  /// Waits until everything tells that the request is over.
  NRT_STATUS end_of(nrta_seq_t sequence);
  /// Every accepted request was waited for: nothing was told of it twice.
  void check() const;

 private:
  struct Ways;
  std::unique_ptr<Ways> ways_;
};

/// Queues of collectives that a logical core offers.
int collectives_queues();

/// Whether there are requests that go through the cell's phase on a unit of its type.
bool occurs(const nsim_fault_cell_t& cell);

/// Moves data of `core`'s tensors by the unit of another logical core, where a caller may choose.
void run_across(std::uint32_t by, Core& core, Others& others);

}  // namespace nsim::test
