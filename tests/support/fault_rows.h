// SPDX-License-Identifier: Apache-2.0
// What the contract says of every fault that can be injected: the status of the request that meets
// it, and whether its unit is degraded afterwards.
#pragma once

#include <nsim_hooks.h>

namespace nsim::test {

struct FaultRow {
  nsim_fault_t fault;
  NRT_STATUS status;
  bool fatal;
};
inline constexpr FaultRow kFaults[] = {
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

}  // namespace nsim::test
