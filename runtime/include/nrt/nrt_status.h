// SPDX-License-Identifier: Apache-2.0
// Status codes of the Neuron Runtime. Values are part of the binary interface.
#ifndef NRT_NRT_STATUS_H
#define NRT_NRT_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
  NRT_SUCCESS = 0,
  NRT_FAILURE = 1,                   // not classified
  NRT_INVALID = 2,                   // an argument is wrong
  NRT_INVALID_HANDLE = 3,            // the object does not exist (any more)
  NRT_RESOURCE = 4,                  // memory, descriptors or file descriptors are exhausted
  NRT_TIMEOUT = 5,                   // the execution watchdog expired
  NRT_HW_ERROR = 6,                  // hardware failure without a code of its own
  NRT_QUEUE_FULL = 7,                // the execution unit's queue is full: try again later
  NRT_LOAD_NOT_ENOUGH_NC = 9,        // no free core, or fewer than the model needs
  NRT_UNSUPPORTED_NEFF_VERSION = 10, // version, feature or architecture of the file is not supported
  NRT_FAIL_HOST_MEM_ALLOC = 11,      // historic
  NRT_UNINITIALIZED = 13,            // before nrt_init
  NRT_CLOSED = 14,                   // after nrt_close
  NRT_QUEUE_EMPTY = 15,              // nothing to read

  NRT_EXEC_UNIT_UNRECOVERABLE = 101, // the execution unit is degraded and takes no more requests

  NRT_EXEC_BAD_INPUT = 1002,
  NRT_EXEC_COMPLETED_WITH_NUM_ERR = 1003,
  NRT_EXEC_COMPLETED_WITH_ERR = 1004,
  NRT_EXEC_NC_BUSY = 1005,
  NRT_EXEC_OOB = 1006,

  NRT_COLL_PENDING = 1100,

  NRT_EXEC_HW_ERR_COLLECTIVES = 1200,
  NRT_EXEC_HW_ERR_HBM_UE = 1201,
  NRT_EXEC_HW_ERR_NC_UE = 1202,
  NRT_EXEC_HW_ERR_DMA_ABORT = 1203,
  NRT_EXEC_SW_NQ_OVERFLOW = 1204,
  NRT_EXEC_HW_ERR_REPAIRABLE_HBM_UE = 1205,
  NRT_NETWORK_PROXY_FAILURE = 1206
} NRT_STATUS;

/// The name of a status, never NULL. Any time, also before nrt_init.
const char *nrt_get_status_as_str(NRT_STATUS status);

#ifdef __cplusplus
}
#endif

#endif
