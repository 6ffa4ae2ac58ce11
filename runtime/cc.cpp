// SPDX-License-Identifier: Apache-2.0
#include "runtime/cc.h"

#include "runtime/border.h"
#include "runtime/status.h"

namespace nsim::rt {

NRT_STATUS prepare_collective(Session&, const CollectiveRequest& request,
                              nrt_cc_context_t** context) {
  require_pointer(request.comm, "comm");
  require_pointer(request.input, "input");
  require_pointer(request.output, "output");
  require_pointer(context, "cc_ctx");
  throw StatusError(NRT_FAILURE, "collectives driven by the host are not simulated");
}

NRT_STATUS schedule_collective(Session&, nrt_cc_context_t** context, std::int64_t,
                               const StatusSink&, nrta_seq_t* sequence) {
  require_pointer(context, "cc_ctx");
  require_pointer(sequence, "req_sequence");
  throw StatusError(NRT_FAILURE, "collectives driven by the host are not simulated");
}

}  // namespace nsim::rt
