// SPDX-License-Identifier: Apache-2.0
// What the generations of the asynchronous interface have in common.
#include <nrt/nrt_async.h>

#include "runtime/border.h"
#include "runtime/cc.h"
#include "runtime/scheduling.h"
#include "runtime/symbol_version.h"

NSIM_GENERATIONS_A_AND_C(nrta_cc_prepare)
NSIM_GENERATIONS_A_AND_C(nrta_is_completed)

using namespace nsim::rt;

NRT_STATUS nrta_cc_prepare(nrt_cc_comm_t* comm, nrt_tensor_list_t* input, nrt_tensor_list_t* output,
                           nrt_dtype_t dtype, nrt_op_type_t op, nrt_cc_op_type_t cc_op,
                           nrt_cc_context_t** cc_ctx) {
  const CollectiveRequest request{
      comm, input, output, integer_of(dtype), integer_of(op), integer_of(cc_op)};
  return in_session(__func__,
                    [&](Session& session) { return prepare_collective(session, request, cc_ctx); });
}

NRT_STATUS nrta_is_completed(nrta_seq_t seq, bool* is_completed) {
  return in_session(__func__, [&](Session& session) {
    require_pointer(is_completed, "is_completed");
    *is_completed = false;
    *is_completed = is_complete(session, seq);
    return NRT_SUCCESS;
  });
}
