// SPDX-License-Identifier: Apache-2.0
// Generation A of the asynchronous interface; include nrt_async.h. Queues: compute 0; tensor read, write and op 0..1;
// collectives 0.
#ifndef NRT_NRT_ASYNC_A_H
#define NRT_NRT_ASYNC_A_H

#include <nrt/nrt_async_types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
  NRTA_XU_TENSOR_READ = 0,
  NRTA_XU_TENSOR_WRITE = 1,
  NRTA_XU_TENSOR_OP = 2,
  NRTA_XU_COMPUTE = 3,
  NRTA_XU_COLLECTIVES = 4,
  NRTA_XU_TYPE_NUM = 5
} nrta_xu_t;

typedef struct nrta_error {
  nrta_seq_t seq_id;
  uint64_t error_code;  // an NRT_STATUS
} nrta_error_t;

typedef struct nrta_error_tracker nrta_error_tracker_t;

// Scheduling. `err` may be NULL: the request's error is then only logged.

NRT_STATUS nrta_tensor_write(nrt_tensor_t *tensor, const void *buf, uint64_t offset, uint64_t size, int queue,
                             nrta_error_tracker_t *err, nrta_seq_t *req_sequence);
NRT_STATUS nrta_tensor_read(void *buf, nrt_tensor_t *tensor, uint64_t offset, uint64_t size, int queue,
                            nrta_error_tracker_t *err, nrta_seq_t *req_sequence);
/// Both tensors are device memory of the same logical core.
NRT_STATUS nrta_tensor_copy(nrt_tensor_t *src, uint64_t src_offset, nrt_tensor_t *dst, uint64_t dst_offset,
                            uint64_t size, int queue, nrta_error_tracker_t *err, nrta_seq_t *req_sequence);
/// The names of the sets are resolved now; the sets may change afterwards, the tensors must stay.
NRT_STATUS nrta_execute_schedule(nrt_model_t *model, const nrt_tensor_set_t *input, nrt_tensor_set_t *output, int queue,
                                 nrta_error_tracker_t *err, nrta_seq_t *req_sequence);
/// Prepares one rank's part of a collective of its group; input i goes to output i. NRT_INVALID before
/// nrt_cc_global_comm_init, and for lists, sizes or an operation that do not fit; NRT_RESOURCE: too many groups.
NRT_STATUS nrta_cc_prepare(nrt_cc_comm_t *comm, nrt_tensor_list_t *input, nrt_tensor_list_t *output, nrt_dtype_t dtype,
                           nrt_op_type_t op, nrt_cc_op_type_t cc_op, nrt_cc_context_t **cc_ctx);
/// When it is accepted, the context belongs to the library and `*cc_ctx` is NULL; otherwise it stays valid.
NRT_STATUS nrta_cc_schedule(nrt_cc_context_t **cc_ctx, int queue, nrta_error_tracker_t *err, nrta_seq_t *req_sequence);

// Completion. A failed request is complete, too.

/// NRT_INVALID (and false) for an id that was never given.
NRT_STATUS nrta_is_completed(nrta_seq_t seq, bool *is_completed);
/// The id of the last completed request of a unit.
NRT_STATUS nrta_get_sequence(uint32_t lnc, nrta_xu_t xu, int queue, nrta_seq_t *seq);
/// A new file descriptor that polls readable once the request is complete. Only poll and close it.
NRT_STATUS nrta_get_completion_handle(nrta_seq_t seq, int *fd);

// Errors: a failed request adds one entry to the tracker it was given, before it is reported complete.

NRT_STATUS nrta_error_tracker_create(uint32_t lnc_idx, nrta_error_tracker_t **tracker);
void nrta_error_tracker_destroy(nrta_error_tracker_t *tracker);
/// All entries so far, in order of completion. The list is valid until the next call for this tracker.
NRT_STATUS nrta_error_tracker_get_list(nrta_error_tracker_t *tracker, const nrta_error_t **list, size_t *error_count);

#ifdef __cplusplus
}
#endif

NRTA_BIND_(nrta_tensor_write, "NRT_2.0.0")
NRTA_BIND_(nrta_tensor_read, "NRT_2.0.0")
NRTA_BIND_(nrta_tensor_copy, "NRT_2.0.0")
NRTA_BIND_(nrta_execute_schedule, "NRT_2.0.0")
NRTA_BIND_(nrta_cc_prepare, "NRT_2.0.0")
NRTA_BIND_(nrta_cc_schedule, "NRT_2.0.0")
NRTA_BIND_(nrta_is_completed, "NRT_2.0.0")
NRTA_BIND_(nrta_get_sequence, "NRT_2.0.0")
NRTA_BIND_(nrta_get_completion_handle, "NRT_2.0.0")
NRTA_BIND_(nrta_error_tracker_create, "NRT_2.0.0")
NRTA_BIND_(nrta_error_tracker_destroy, "NRT_2.0.0")
NRTA_BIND_(nrta_error_tracker_get_list, "NRT_2.0.0")

#endif
