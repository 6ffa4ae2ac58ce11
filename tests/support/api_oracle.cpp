// SPDX-License-Identifier: Apache-2.0
#include "tests/support/api_oracle.h"

#include "tests/support/fault_rows.h"

namespace nsim::test {
namespace {

const FaultRow& row_of(nsim_fault_t fault) {
  for (const FaultRow& row : kFaults) {
    if (row.fault == fault) {
      return row;
    }
  }
  throw std::logic_error("no such fault");
}

}  // namespace

NRT_STATUS status_of(nsim_fault_t fault) {
  return row_of(fault).status;
}

bool degrades(nsim_fault_t fault) {
  return row_of(fault).fatal;
}

Statuses UnitModel::admission(std::uint64_t depth) const {
  if (fatal != 0 && fatal <= known) {
    return {NRT_EXEC_UNIT_UNRECOVERABLE};
  }
  const bool may_be_full = issued - known >= depth;
  if (paused) {
    return {may_be_full ? NRT_QUEUE_FULL : NRT_SUCCESS};
  }
  Statuses allowed{NRT_SUCCESS};
  if (may_be_full) {
    allowed.insert(NRT_QUEUE_FULL);
  }
  if (fatal != 0) {
    allowed.insert(NRT_EXEC_UNIT_UNRECOVERABLE);
  }
  return allowed;
}

NRT_STATUS UnitModel::accept(bool with_tracker) {
  ++issued;
  NRT_STATUS status = NRT_SUCCESS;
  if (fatal != 0) {
    status = NRT_EXEC_UNIT_UNRECOVERABLE;
  } else if (next_fault != nsim_fault_t{}) {
    status = status_of(next_fault);
    fatal = degrades(next_fault) ? issued : 0;
    next_fault = nsim_fault_t{};
  }
  if (status != NRT_SUCCESS) {
    failures[issued] = status;
    if (with_tracker) {
      tracked.insert(issued);
    }
  }
  return status;
}

}  // namespace nsim::test
