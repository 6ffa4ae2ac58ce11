// SPDX-License-Identifier: Apache-2.0
#include "tests/support/api_oracle.h"

namespace nsim::test {
namespace {

struct FaultRow {
  nsim_fault_t fault;
  NRT_STATUS status;
  bool fatal;
};
constexpr FaultRow kFaults[] = {
    {NSIM_FAULT_HANG, NRT_TIMEOUT, true},
    {NSIM_FAULT_HBM_UNCORRECTABLE, NRT_EXEC_HW_ERR_HBM_UE, true},
    {NSIM_FAULT_HBM_REPAIRABLE, NRT_EXEC_HW_ERR_REPAIRABLE_HBM_UE, true},
    {NSIM_FAULT_SRAM_PARITY, NRT_EXEC_HW_ERR_NC_UE, true},
    {NSIM_FAULT_DMA_ABORT, NRT_EXEC_HW_ERR_DMA_ABORT, true},
    {NSIM_FAULT_SEMAPHORE_MISUSE, NRT_EXEC_COMPLETED_WITH_ERR, false},
    {NSIM_FAULT_OUT_OF_BOUNDS, NRT_EXEC_OOB, false},
    {NSIM_FAULT_NUMERICAL_NAN, NRT_EXEC_COMPLETED_WITH_NUM_ERR, false},
    {NSIM_FAULT_NOTIFICATION_OVERFLOW, NRT_EXEC_SW_NQ_OVERFLOW, true},
    {NSIM_FAULT_COLLECTIVE_STUCK, NRT_EXEC_HW_ERR_COLLECTIVES, true},
    {NSIM_FAULT_HOST_LINK_TIMEOUT, NRT_HW_ERROR, true},
    {NSIM_FAULT_BAD_DESCRIPTOR, NRT_EXEC_BAD_INPUT, false},
};

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
