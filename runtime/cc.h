// SPDX-License-Identifier: Apache-2.0
// Collectives driven by the host: what nrta_cc_prepare and nrta_cc_schedule do, whatever the
// generation. Both run on host threads and throw StatusError.
#pragma once

#include <nrt/nrt_async_types.h>

#include <cstdint>

#include "runtime/scheduling.h"
#include "runtime/session.h"

namespace nsim::rt {

/// The operands of nrta_cc_prepare.
struct CollectiveRequest {
  const nrt_cc_comm_t* comm = nullptr;
  const nrt_tensor_list_t* input = nullptr;
  const nrt_tensor_list_t* output = nullptr;
  nrt_dtype_t dtype = NRT_DTYPE_UNKNOWN;
  nrt_op_type_t op = NRT_OP_INVALID;
  nrt_cc_op_type_t cc_op = NRT_CC_ALLGATHER;
};

NRT_STATUS prepare_collective(Session& session, const CollectiveRequest& request,
                              nrt_cc_context_t** context);
/// The context belongs to the runtime from acceptance on, and `*context` is NULL (R70).
NRT_STATUS schedule_collective(Session& session, nrt_cc_context_t** context, std::int64_t queue,
                               const StatusSink& sink, nrta_seq_t* sequence);

}  // namespace nsim::rt
