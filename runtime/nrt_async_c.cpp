// SPDX-License-Identifier: Apache-2.0
// The asynchronous interface, generation C: parameters, and the status of a request in a place of
// the caller's.
#define NRTA_API_GEN C
#include <nrt/nrt_async.h>

#include "runtime/border.h"
#include "runtime/cc.h"
#include "runtime/scheduling.h"
#include "runtime/status.h"
#include "runtime/symbol_version.h"

NSIM_GENERATION_C(nrta_tensor_write)
NSIM_GENERATION_C(nrta_tensor_read)
NSIM_GENERATION_C(nrta_tensor_copy)
NSIM_GENERATION_C(nrta_execute_schedule)
NSIM_GENERATION_C(nrta_cc_schedule)
NSIM_GENERATION_C(nrta_get_sequence)
NSIM_GENERATION_C(nrta_event_register_seq_id_completion)
NSIM_GENERATION_C(nrta_event_register_xu_completion)

using namespace nsim::rt;
using nsim::hw::UnitType;

namespace nsim::rt {
namespace {

/// Tensor-op units do what generation A's units of that name do, and reads and writes as well.
UnitType unit_type(int xu) {
  switch (xu) {
    case NRTA_XU_TENSOR_OP:
      return UnitType::TensorOp;
    case NRTA_XU_COMPUTE:
      return UnitType::Compute;
    case NRTA_XU_COLLECTIVES:
      return UnitType::Collectives;
    default:
      throw StatusError(NRT_INVALID, "no such execution unit type");
  }
}

}  // namespace
}  // namespace nsim::rt

NRT_STATUS nrta_tensor_write(nrt_tensor_t* tensor, const void* buf, uint64_t offset, uint64_t size,
                             int lnc_idx, int queue, NRT_STATUS* ret, nrta_seq_t* req_sequence) {
  return in_session(__func__, [&](Session& session) {
    return schedule_write(session, {tensor, offset, size}, buf,
                          {UnitType::TensorOp, queue, lnc_idx}, {nullptr, ret}, req_sequence);
  });
}

NRT_STATUS nrta_tensor_read(void* buf, nrt_tensor_t* tensor, uint64_t offset, uint64_t size,
                            int lnc_idx, int queue, NRT_STATUS* ret, nrta_seq_t* req_sequence) {
  return in_session(__func__, [&](Session& session) {
    return schedule_read(session, buf, {tensor, offset, size}, {UnitType::TensorOp, queue, lnc_idx},
                         {nullptr, ret}, req_sequence);
  });
}

NRT_STATUS nrta_tensor_copy(nrt_tensor_t* src, uint64_t src_offset, nrt_tensor_t* dst,
                            uint64_t dst_offset, uint64_t size, int lnc_idx, int queue,
                            NRT_STATUS* ret, nrta_seq_t* req_sequence) {
  return in_session(__func__, [&](Session& session) {
    return schedule_copy(session, {dst, dst_offset, size}, {src, src_offset, size},
                         {UnitType::TensorOp, queue, lnc_idx}, {nullptr, ret}, req_sequence);
  });
}

NRT_STATUS nrta_execute_schedule(nrt_model_t* model, const nrt_tensor_set_t* input,
                                 nrt_tensor_set_t* output, int queue, NRT_STATUS* ret,
                                 nrta_seq_t* req_sequence) {
  return in_session(__func__, [&](Session& session) {
    return schedule_execution(session, model, input, output, queue, {nullptr, ret}, req_sequence);
  });
}

NRT_STATUS nrta_cc_schedule(nrt_cc_context_t** cc_ctx, int queue, NRT_STATUS* ret,
                            nrta_seq_t* req_sequence) {
  return in_session(__func__, [&](Session& session) {
    return schedule_collective(session, cc_ctx, queue, {nullptr, ret}, req_sequence);
  });
}

NRT_STATUS nrta_get_sequence(uint32_t lnc, nrta_xu_t xu, int queue, nrta_seq_t* seq) {
  return in_session(__func__, [&, xu = integer_of(xu)](Session& session) {
    require_pointer(seq, "seq");
    *seq = last_completed(session, lnc, unit_type(xu), queue);
    return NRT_SUCCESS;
  });
}

NRT_STATUS nrta_event_register_seq_id_completion(nrta_seq_t seq, int fd) {
  return in_session(__func__, [&](Session& session) {
    register_event(session, seq, fd);
    return NRT_SUCCESS;
  });
}

NRT_STATUS nrta_event_register_xu_completion(uint32_t lnc, nrta_xu_t xu, int queue, int fd) {
  return in_session(__func__, [&, xu = integer_of(xu)](Session& session) {
    register_unit_event(session, lnc, unit_type(xu), queue, fd);
    return NRT_SUCCESS;
  });
}
