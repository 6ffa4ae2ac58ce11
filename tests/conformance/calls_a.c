/* SPDX-License-Identifier: Apache-2.0 */
/* The conformance client's calls in generation A. */
#define NRTA_API_GEN A
#include <nrt/nrt_async.h>
#include <nsim_hooks.h>

#include "tests/conformance/calls.h"

char call_generation(void) { return 'A'; }

NRT_STATUS call_tensor_write(nrt_tensor_t *tensor, const void *buf, uint64_t offset, uint64_t size, int queue,
                             nrta_error_tracker_t *err, nrta_seq_t *req_sequence) {
  return nrta_tensor_write(tensor, buf, offset, size, queue, err, req_sequence);
}

NRT_STATUS call_tensor_read(void *buf, nrt_tensor_t *tensor, uint64_t offset, uint64_t size, int queue,
                            nrta_error_tracker_t *err, nrta_seq_t *req_sequence) {
  return nrta_tensor_read(buf, tensor, offset, size, queue, err, req_sequence);
}

NRT_STATUS call_tensor_copy(nrt_tensor_t *src, uint64_t src_offset, nrt_tensor_t *dst, uint64_t dst_offset, uint64_t size,
                            int queue, nrta_error_tracker_t *err, nrta_seq_t *req_sequence) {
  return nrta_tensor_copy(src, src_offset, dst, dst_offset, size, queue, err, req_sequence);
}

NRT_STATUS call_execute_schedule(nrt_model_t *model, const nrt_tensor_set_t *input, nrt_tensor_set_t *output, int queue,
                                 nrta_error_tracker_t *err, nrta_seq_t *req_sequence) {
  return nrta_execute_schedule(model, input, output, queue, err, req_sequence);
}

NRT_STATUS call_cc_prepare(nrt_cc_comm_t *comm, nrt_tensor_list_t *input, nrt_tensor_list_t *output, nrt_dtype_t dtype,
                           nrt_op_type_t op, nrt_cc_op_type_t cc_op, nrt_cc_context_t **cc_ctx) {
  return nrta_cc_prepare(comm, input, output, dtype, op, cc_op, cc_ctx);
}

NRT_STATUS call_cc_schedule(nrt_cc_context_t **cc_ctx, int queue, nrta_error_tracker_t *err, nrta_seq_t *req_sequence) {
  return nrta_cc_schedule(cc_ctx, queue, err, req_sequence);
}

NRT_STATUS call_is_completed(nrta_seq_t seq, bool *is_completed) { return nrta_is_completed(seq, is_completed); }

NRT_STATUS call_get_sequence(uint32_t lnc, int xu, int queue, nrta_seq_t *seq) {
  return nrta_get_sequence(lnc, (nrta_xu_t)xu, queue, seq);
}

NRT_STATUS call_get_completion_handle(nrta_seq_t seq, int *fd) { return nrta_get_completion_handle(seq, fd); }

NRT_STATUS call_error_tracker_create(uint32_t lnc_idx, nrta_error_tracker_t **tracker) {
  return nrta_error_tracker_create(lnc_idx, tracker);
}

void call_error_tracker_destroy(nrta_error_tracker_t *tracker) { nrta_error_tracker_destroy(tracker); }

NRT_STATUS call_error_tracker_get_list(nrta_error_tracker_t *tracker, const nrta_error_t **list, size_t *error_count) {
  return nrta_error_tracker_get_list(tracker, list, error_count);
}

NRT_STATUS call_hook_inject(uint32_t lnc, int xu, int queue, int fault, uint64_t skip) {
  return nsim_hook_inject(lnc, xu, queue, (nsim_fault_t)fault, skip);
}

NRT_STATUS call_hook_pause(uint32_t lnc, int xu, int queue, bool paused) { return nsim_hook_pause(lnc, xu, queue, paused); }

NRT_STATUS call_hook_set_next_number(uint32_t lnc, int xu, int queue, uint64_t number) {
  return nsim_hook_set_next_number(lnc, xu, queue, number);
}
