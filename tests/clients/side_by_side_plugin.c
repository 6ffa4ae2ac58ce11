// SPDX-License-Identifier: Apache-2.0
// The plug-in of side_by_side.c: writes `data` with a tensor-op unit and gives back the id of the completed request.
#include "client.h"

__attribute__((visibility("default"))) nrta_seq_t run_plugin(nrt_tensor_t *tensor, const void *data, size_t size);

nrta_seq_t run_plugin(nrt_tensor_t *tensor, const void *data, size_t size) {
  NRT_STATUS status = NRT_QUEUE_EMPTY;
  nrta_seq_t sequence = 0;
  CHECK(nrta_tensor_write(tensor, data, 0, size, 0, 1, &status, &sequence));
  nrta_seq_t last = 0;
  do {
    CHECK(nrta_get_sequence(0, NRTA_XU_TENSOR_OP, 1, &last));
  } while (last < sequence);
  CHECK(status);
  return sequence;
}
