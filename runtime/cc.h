// SPDX-License-Identifier: Apache-2.0
// Collectives driven by the host: what nrta_cc_prepare and nrta_cc_schedule do, whatever the
// generation. Both run on host threads and throw StatusError.
//
// Data flow: prepare -> a CcContext: who takes part and with which tensors -> schedule -> a request
// for the collectives unit of the rank's core, with a table (hw/request.h) -> the device, where the
// ranks meet. Tensors are captured by prepare and kept until the operation is over.
#pragma once

#include <nrt/nrt_async_types.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "runtime/communicators.h"
#include "runtime/scheduling.h"
#include "runtime/session.h"
#include "sim/hw/collective.h"

namespace nsim::rt {

/// The operands of nrta_cc_prepare.
/// The last three are as the client passed them (integer_of).
struct CollectiveRequest {
  const nrt_cc_comm_t* comm = nullptr;
  const nrt_tensor_list_t* input = nullptr;
  const nrt_tensor_list_t* output = nullptr;
  int dtype = NRT_DTYPE_UNKNOWN;
  int op = NRT_OP_INVALID;
  int cc_op = NRT_CC_ALLGATHER;
};

/// A prepared collective of one rank.
struct CcContext {
  std::shared_ptr<Member> member;
  hw::Collective collective;  // without cores and order
  std::vector<std::shared_ptr<Storage>> storages;
  std::atomic<bool> scheduled{false};
};

NRT_STATUS prepare_collective(Session& session, const CollectiveRequest& request,
                              nrt_cc_context_t** context);
/// The context belongs to the runtime from acceptance on, and `*context` is NULL (R70).
NRT_STATUS schedule_collective(Session& session, nrt_cc_context_t** context, std::int64_t queue,
                               const StatusSink& sink, nrta_seq_t* sequence);

/// A request of `member` that is counted as the next one on `queue` of those that its order has.
std::unique_ptr<Request> collective_request(const char* api, Session& session, const Member& member,
                                            int queue, hw::Collective collective);

}  // namespace nsim::rt
