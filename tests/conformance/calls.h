/* SPDX-License-Identifier: Apache-2.0 */
/* The asynchronous calls of the conformance client, in one form for all generations of the
   interface: generation A's. calls.c makes them, in the generation and the language it is compiled
   for; the test cases are compiled once, and know neither.

   With generation C, unit types TENSOR_READ and TENSOR_WRITE mean tensor-op units of the same
   queue, tensor operations name the tensor's own core, a tracker is a list of places for statuses,
   and a completion handle is an eventfd with a registration. */
#ifndef TESTS_CONFORMANCE_CALLS_H
#define TESTS_CONFORMANCE_CALLS_H

#include <nrt/nrt_async_types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct nrta_error;
struct nrta_error_tracker;

/* 'A' or 'C' */
char call_generation(void);

NRT_STATUS call_tensor_write(nrt_tensor_t* tensor, const void* buf, uint64_t offset, uint64_t size,
                             int queue, struct nrta_error_tracker* err, nrta_seq_t* req_sequence);
NRT_STATUS call_tensor_read(void* buf, nrt_tensor_t* tensor, uint64_t offset, uint64_t size,
                            int queue, struct nrta_error_tracker* err, nrta_seq_t* req_sequence);
NRT_STATUS call_tensor_copy(nrt_tensor_t* src, uint64_t src_offset, nrt_tensor_t* dst,
                            uint64_t dst_offset, uint64_t size, int queue,
                            struct nrta_error_tracker* err, nrta_seq_t* req_sequence);
NRT_STATUS call_execute_schedule(nrt_model_t* model, const nrt_tensor_set_t* input,
                                 nrt_tensor_set_t* output, int queue,
                                 struct nrta_error_tracker* err, nrta_seq_t* req_sequence);
NRT_STATUS call_cc_prepare(nrt_cc_comm_t* comm, nrt_tensor_list_t* input, nrt_tensor_list_t* output,
                           nrt_dtype_t dtype, nrt_op_type_t op, nrt_cc_op_type_t cc_op,
                           nrt_cc_context_t** cc_ctx);
NRT_STATUS call_cc_schedule(nrt_cc_context_t** cc_ctx, int queue, struct nrta_error_tracker* err,
                            nrta_seq_t* req_sequence);
NRT_STATUS call_is_completed(nrta_seq_t seq, bool* is_completed);
NRT_STATUS call_get_sequence(uint32_t lnc, int xu, int queue, nrta_seq_t* seq);
NRT_STATUS call_get_completion_handle(nrta_seq_t seq, int* fd);
NRT_STATUS call_error_tracker_create(uint32_t lnc_idx, struct nrta_error_tracker** tracker);
void call_error_tracker_destroy(struct nrta_error_tracker* tracker);
NRT_STATUS call_error_tracker_get_list(struct nrta_error_tracker* tracker,
                                       const struct nrta_error** list, size_t* error_count);

NRT_STATUS call_hook_inject(uint32_t lnc, int xu, int queue, int fault, uint64_t skip);
NRT_STATUS call_hook_pause(uint32_t lnc, int xu, int queue, bool paused);
NRT_STATUS call_hook_set_next_number(uint32_t lnc, int xu, int queue, uint64_t number);

/* What only generation C has, in its own form. Only in programs of generation C. */

enum { CALL_C_TENSOR_OP = 0, CALL_C_COMPUTE = 1, CALL_C_COLLECTIVES = 2 };

NRT_STATUS call_c_tensor_write(nrt_tensor_t* tensor, const void* buf, uint64_t offset,
                               uint64_t size, int lnc_idx, int queue, NRT_STATUS* ret,
                               nrta_seq_t* req_sequence);
NRT_STATUS call_c_tensor_read(void* buf, nrt_tensor_t* tensor, uint64_t offset, uint64_t size,
                              int lnc_idx, int queue, NRT_STATUS* ret, nrta_seq_t* req_sequence);
NRT_STATUS call_c_tensor_copy(nrt_tensor_t* src, uint64_t src_offset, nrt_tensor_t* dst,
                              uint64_t dst_offset, uint64_t size, int lnc_idx, int queue,
                              NRT_STATUS* ret, nrta_seq_t* req_sequence);
NRT_STATUS call_c_execute_schedule(nrt_model_t* model, const nrt_tensor_set_t* input,
                                   nrt_tensor_set_t* output, int queue, NRT_STATUS* ret,
                                   nrta_seq_t* req_sequence);
NRT_STATUS call_c_cc_schedule(nrt_cc_context_t** cc_ctx, int queue, NRT_STATUS* ret,
                              nrta_seq_t* req_sequence);
NRT_STATUS call_c_get_sequence(uint32_t lnc, int xu, int queue, nrta_seq_t* seq);
NRT_STATUS call_c_event_register_seq_id_completion(nrta_seq_t seq, int fd);
NRT_STATUS call_c_event_register_xu_completion(uint32_t lnc, int xu, int queue, int fd);

#ifdef __cplusplus
}
#endif

#endif
