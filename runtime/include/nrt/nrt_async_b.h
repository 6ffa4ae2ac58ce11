// SPDX-License-Identifier: Apache-2.0
// Generation B of the asynchronous interface, as documented; include nrt_async.h with NRTA_API_GEN B. It has no symbols of its own:
// tensor operations become those of generation C on the tensor's own core, everything else is generation C's.
#ifndef NRT_NRT_ASYNC_B_H
#define NRT_NRT_ASYNC_B_H

#include <nrt/nrt_async_c.h>

/// Tensors in host memory use core 0.
static inline int nrta_b_core(const nrt_tensor_t *tensor) {
  int lnc_idx = 0;
  if (tensor == NULL || nrt_tensor_get_lnc_index(tensor, &lnc_idx) != NRT_SUCCESS || lnc_idx < 0) {
    return 0;
  }
  return lnc_idx;
}

static inline NRT_STATUS nrta_b_tensor_write(nrt_tensor_t *tensor, const void *buf, uint64_t offset, uint64_t size,
                                             int queue, NRT_STATUS *ret, nrta_seq_t *req_sequence) {
  return nrta_tensor_write(tensor, buf, offset, size, nrta_b_core(tensor), queue, ret, req_sequence);
}

static inline NRT_STATUS nrta_b_tensor_read(void *buf, nrt_tensor_t *tensor, uint64_t offset, uint64_t size, int queue,
                                            NRT_STATUS *ret, nrta_seq_t *req_sequence) {
  return nrta_tensor_read(buf, tensor, offset, size, nrta_b_core(tensor), queue, ret, req_sequence);
}

static inline NRT_STATUS nrta_b_tensor_copy(nrt_tensor_t *src, uint64_t src_offset, nrt_tensor_t *dst,
                                            uint64_t dst_offset, uint64_t size, int queue, NRT_STATUS *ret,
                                            nrta_seq_t *req_sequence) {
  return nrta_tensor_copy(src, src_offset, dst, dst_offset, size, nrta_b_core(src), queue, ret, req_sequence);
}

// Names, not calls, so that addresses can be taken.
#define nrta_tensor_write nrta_b_tensor_write
#define nrta_tensor_read nrta_b_tensor_read
#define nrta_tensor_copy nrta_b_tensor_copy

#endif
