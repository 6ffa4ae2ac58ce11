// SPDX-License-Identifier: Apache-2.0
// Every public header as C11, and the two forms of nrta_get_sequence.
#include <nrt/ndebug_stream.h>
#include <nrt/nrt_async.h>
#include <nrt/nrt_async_sendrecv.h>
#include <nrt/nrt_experimental.h>
#include <nrt/nrt_profile.h>
#include <nrt/nrt_sys_trace.h>
#include <nrt/nrt_version.h>
#include <nsim_hooks.h>

int headers_are_valid_c(void);

int headers_are_valid_c(void) {
  NRT_STATUS (*address)(uint32_t, nrta_xu_t, int, nrta_seq_t *) = nrta_get_sequence;
  nrta_seq_t seq = 0;
  const NRT_STATUS three = nrta_get_sequence(0, NRTA_XU_COMPUTE, &seq);
  const NRT_STATUS four = nrta_get_sequence(0, NRTA_XU_COMPUTE, 0, &seq);
  return three == four && address(0, NRTA_XU_COMPUTE, 0, &seq) == four;
}
