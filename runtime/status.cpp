// SPDX-License-Identifier: Apache-2.0
#include "runtime/status.h"

#include <array>

namespace nsim::rt {
namespace {

struct StatusRow {
  NRT_STATUS status;
  const char* name;
  bool fatal;
};

constexpr StatusRow kStatuses[] = {
    {NRT_SUCCESS, "NRT_SUCCESS", false},
    {NRT_FAILURE, "NRT_FAILURE", false},
    {NRT_INVALID, "NRT_INVALID", false},
    {NRT_INVALID_HANDLE, "NRT_INVALID_HANDLE", false},
    {NRT_RESOURCE, "NRT_RESOURCE", false},
    {NRT_TIMEOUT, "NRT_TIMEOUT", true},
    {NRT_HW_ERROR, "NRT_HW_ERROR", true},
    {NRT_QUEUE_FULL, "NRT_QUEUE_FULL", false},
    {NRT_LOAD_NOT_ENOUGH_NC, "NRT_LOAD_NOT_ENOUGH_NC", false},
    {NRT_UNSUPPORTED_NEFF_VERSION, "NRT_UNSUPPORTED_NEFF_VERSION", false},
    {NRT_FAIL_HOST_MEM_ALLOC, "NRT_FAIL_HOST_MEM_ALLOC", false},
    {NRT_UNINITIALIZED, "NRT_UNINITIALIZED", false},
    {NRT_CLOSED, "NRT_CLOSED", false},
    {NRT_QUEUE_EMPTY, "NRT_QUEUE_EMPTY", false},
    {NRT_EXEC_UNIT_UNRECOVERABLE, "NRT_EXEC_UNIT_UNRECOVERABLE", false},
    {NRT_EXEC_BAD_INPUT, "NRT_EXEC_BAD_INPUT", false},
    {NRT_EXEC_COMPLETED_WITH_NUM_ERR, "NRT_EXEC_COMPLETED_WITH_NUM_ERR", false},
    {NRT_EXEC_COMPLETED_WITH_ERR, "NRT_EXEC_COMPLETED_WITH_ERR", false},
    {NRT_EXEC_NC_BUSY, "NRT_EXEC_NC_BUSY", false},
    {NRT_EXEC_OOB, "NRT_EXEC_OOB", false},
    {NRT_COLL_PENDING, "NRT_COLL_PENDING", false},
    {NRT_EXEC_HW_ERR_COLLECTIVES, "NRT_EXEC_HW_ERR_COLLECTIVES", true},
    {NRT_EXEC_HW_ERR_HBM_UE, "NRT_EXEC_HW_ERR_HBM_UE", true},
    {NRT_EXEC_HW_ERR_NC_UE, "NRT_EXEC_HW_ERR_NC_UE", true},
    {NRT_EXEC_HW_ERR_DMA_ABORT, "NRT_EXEC_HW_ERR_DMA_ABORT", true},
    {NRT_EXEC_SW_NQ_OVERFLOW, "NRT_EXEC_SW_NQ_OVERFLOW", true},
    {NRT_EXEC_HW_ERR_REPAIRABLE_HBM_UE, "NRT_EXEC_HW_ERR_REPAIRABLE_HBM_UE", true},
    {NRT_NETWORK_PROXY_FAILURE, "NRT_NETWORK_PROXY_FAILURE", false},
};

// By the value of hw::DeviceError; the pairs are those of the runtime's troubleshooting page, with
// its newer codes.
constexpr std::array kOfDeviceError = {
    NRT_SUCCESS,                        // None
    NRT_TIMEOUT,                        // Hang
    NRT_EXEC_HW_ERR_HBM_UE,             // HbmUncorrectable
    NRT_EXEC_HW_ERR_REPAIRABLE_HBM_UE,  // HbmRepairable
    NRT_EXEC_HW_ERR_NC_UE,              // SramParity
    NRT_EXEC_HW_ERR_DMA_ABORT,          // DmaAbort
    NRT_EXEC_COMPLETED_WITH_ERR,        // SemaphoreMisuse
    NRT_EXEC_OOB,                       // OutOfBounds
    NRT_EXEC_COMPLETED_WITH_NUM_ERR,    // NumericalNan
    NRT_EXEC_SW_NQ_OVERFLOW,            // NotificationOverflow
    NRT_EXEC_HW_ERR_COLLECTIVES,        // CollectiveStuck
    NRT_HW_ERROR,                       // HostLinkTimeout
    NRT_EXEC_BAD_INPUT,                 // BadDescriptor
    NRT_HW_ERROR,                       // NotificationCorrupted
    NRT_HW_ERROR,                       // DeviceGone
};
static_assert(kOfDeviceError.size() == hw::kDeviceErrorCount);

const StatusRow* find(NRT_STATUS status) {
  for (const StatusRow& row : kStatuses) {
    if (row.status == status) {
      return &row;
    }
  }
  return nullptr;
}

}  // namespace

const char* status_name(NRT_STATUS status) {
  const StatusRow* row = find(status);
  return row == nullptr ? "NRT_UNKNOWN" : row->name;
}

NRT_STATUS status_of(hw::DeviceError error) {
  const auto index = static_cast<std::size_t>(error);
  return index < kOfDeviceError.size() ? kOfDeviceError[index] : NRT_HW_ERROR;
}

bool is_fatal(NRT_STATUS status) {
  const StatusRow* row = find(status);
  return row != nullptr && row->fatal;
}

}  // namespace nsim::rt
