// SPDX-License-Identifier: Apache-2.0
// Generation C of the asynchronous interface; include nrt_async.h with NRTA_API_GEN C. Queues: compute 0; tensor op 0..1;
// collectives 0..2. Reads, writes and copies all run on tensor-op units.
#ifndef NRT_NRT_ASYNC_C_H
#define NRT_NRT_ASYNC_C_H

#include <nrt/nrt_async_types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
  NRTA_XU_TENSOR_OP = 0,
  NRTA_XU_COMPUTE = 1,
  NRTA_XU_COLLECTIVES = 2,
  NRTA_XU_TYPE_NUM = 3
} nrta_xu_t;

// Scheduling. `*ret` is written once, before the request is reported complete, with NRT_SUCCESS or the request's error; it
// must live until then. `ret` may be NULL: the request's error is then only logged.

/// `lnc_idx` is the logical core whose tensor-op unit moves the data, on the device that holds the tensor; any for a tensor in
/// host memory.
NRT_STATUS nrta_tensor_write(nrt_tensor_t *tensor, const void *buf, uint64_t offset, uint64_t size, int lnc_idx, int queue,
                             NRT_STATUS *ret, nrta_seq_t *req_sequence);
NRT_STATUS nrta_tensor_read(void *buf, nrt_tensor_t *tensor, uint64_t offset, uint64_t size, int lnc_idx, int queue,
                            NRT_STATUS *ret, nrta_seq_t *req_sequence);
/// Both tensors are device memory of the same logical core, which need not be `lnc_idx`.
NRT_STATUS nrta_tensor_copy(nrt_tensor_t *src, uint64_t src_offset, nrt_tensor_t *dst, uint64_t dst_offset,
                            uint64_t size, int lnc_idx, int queue, NRT_STATUS *ret, nrta_seq_t *req_sequence);
/// The names of the sets are resolved now; the sets may change afterwards, the tensors must stay.
NRT_STATUS nrta_execute_schedule(nrt_model_t *model, const nrt_tensor_set_t *input, nrt_tensor_set_t *output, int queue,
                                 NRT_STATUS *ret, nrta_seq_t *req_sequence);
/// Prepares one rank's part of a collective of its group; input i goes to output i. NRT_INVALID before
/// nrt_cc_global_comm_init, and for lists, sizes or an operation that do not fit; NRT_RESOURCE: too many groups.
NRT_STATUS nrta_cc_prepare(nrt_cc_comm_t *comm, nrt_tensor_list_t *input, nrt_tensor_list_t *output, nrt_dtype_t dtype,
                           nrt_op_type_t op, nrt_cc_op_type_t cc_op, nrt_cc_context_t **cc_ctx);
/// When it is accepted, the context belongs to the library and `*cc_ctx` is NULL; otherwise it stays valid.
NRT_STATUS nrta_cc_schedule(nrt_cc_context_t **cc_ctx, int queue, NRT_STATUS *ret, nrta_seq_t *req_sequence);

// Completion. A failed request is complete, too.

/// NRT_INVALID (and false) for an id that was never given.
NRT_STATUS nrta_is_completed(nrta_seq_t seq, bool *is_completed);
/// The id of the last completed request of a unit.
NRT_STATUS nrta_get_sequence(uint32_t lnc, nrta_xu_t xu, int queue, nrta_seq_t *seq);

// Events. `fd` is an eventfd of the caller's, which the library never closes; NRT_INVALID for anything else, NRT_RESOURCE when the
// process has no descriptor left. -1 withdraws: nothing is added to the old one after that call. Withdraw before closing
// it. Its count stays where it is when it is full.

/// Adds 1 when the request completes, or now when it has. An id has one registration, a second one replaces it.
NRT_STATUS nrta_event_register_seq_id_completion(nrta_seq_t seq, int fd);
/// Adds 1 whenever a request of the unit completes from now on. A unit has one registration, a second one replaces it.
NRT_STATUS nrta_event_register_xu_completion(uint32_t lnc, nrta_xu_t xu, int queue, int fd);

#ifdef __cplusplus
}
#endif

NRTA_BIND_(nrta_tensor_write, "NRT_3.0.0")
NRTA_BIND_(nrta_tensor_read, "NRT_3.0.0")
NRTA_BIND_(nrta_tensor_copy, "NRT_3.0.0")
NRTA_BIND_(nrta_execute_schedule, "NRT_3.0.0")
NRTA_BIND_(nrta_cc_prepare, "NRT_3.0.0")
NRTA_BIND_(nrta_cc_schedule, "NRT_3.0.0")
NRTA_BIND_(nrta_is_completed, "NRT_3.0.0")
NRTA_BIND_(nrta_get_sequence, "NRT_3.0.0")
NRTA_BIND_(nrta_event_register_seq_id_completion, "NRT_3.0.0")
NRTA_BIND_(nrta_event_register_xu_completion, "NRT_3.0.0")

#endif
