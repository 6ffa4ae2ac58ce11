// SPDX-License-Identifier: Apache-2.0
// The explicit asynchronous interface of the Neuron Runtime, generation A (error trackers).
//
// Every (logical core, execution unit type, queue) is one execution unit. A schedule call returns at once: NRT_SUCCESS means
// accepted, and the request has a sequence id; requests of one unit run one at a time in order, different units are not
// ordered. What became of a request is told by the completion calls and by the error tracker it was given.
// Queues: compute 0; tensor read, write and op 0..1; collectives 0.
#ifndef NRT_NRT_ASYNC_H
#define NRT_NRT_ASYNC_H

#include <nrt/nrt.h>

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

/// Unit id in bits 63..48, number in bits 47..0. Numbers of one unit count up by one from 1; 0 means "none yet".
typedef uint64_t nrta_seq_t;
typedef uint16_t nrta_xu_id_t;

#define NRTA_SEQ_NUM_MAX ((1ULL << 48) - 1)
#define NRTA_SEQ_NUM_MASK NRTA_SEQ_NUM_MAX
#define NRTA_SEQ_GET_SEQ_NUM(seq_id) ((uint64_t)(seq_id) & NRTA_SEQ_NUM_MASK)
#define NRTA_SEQ_GET_XU_ID(seq_id) ((nrta_xu_id_t)((uint64_t)(seq_id) >> 48))

typedef struct nrta_error {
  nrta_seq_t seq_id;
  uint64_t error_code;  // an NRT_STATUS
} nrta_error_t;

typedef struct nrta_error_tracker nrta_error_tracker_t;

// Scheduling. Besides the statuses of bad arguments: NRT_QUEUE_FULL, and NRT_EXEC_UNIT_UNRECOVERABLE once the unit has met
// a fatal error. A call that is not accepted writes nothing. `err` may be NULL: the request's error is then only logged.

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
/// Collectives driven by the host are not simulated yet: NRT_FAILURE.
NRT_STATUS nrta_cc_prepare(nrt_cc_comm_t *comm, nrt_tensor_list_t *input, nrt_tensor_list_t *output, nrt_dtype_t dtype,
                           nrt_op_type_t op, nrt_cc_op_type_t cc_op, nrt_cc_context_t **cc_ctx);
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

// The examples of the Neuron documentation call nrta_get_sequence(lnc, xu, &seq), without a queue: queue 0 is meant. This
// macro adds it to a call of three arguments and leaves every other use of the name alone, its address included.
#define NRTA_GET_SEQUENCE_AS_IS(...) nrta_get_sequence(__VA_ARGS__)
#define NRTA_GET_SEQUENCE_QUEUE_0(lnc, xu, seq) nrta_get_sequence(lnc, xu, 0, seq)
#define NRTA_GET_SEQUENCE_PICK(a1, a2, a3, a4, a5, a6, form, ...) form
#define nrta_get_sequence(...)                                                                             \
  NRTA_GET_SEQUENCE_PICK(__VA_ARGS__, NRTA_GET_SEQUENCE_AS_IS, NRTA_GET_SEQUENCE_AS_IS,                    \
                         NRTA_GET_SEQUENCE_AS_IS, NRTA_GET_SEQUENCE_QUEUE_0, NRTA_GET_SEQUENCE_AS_IS,      \
                         NRTA_GET_SEQUENCE_AS_IS, )                                                        \
  (__VA_ARGS__)

#endif
