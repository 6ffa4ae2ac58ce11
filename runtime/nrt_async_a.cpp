// SPDX-License-Identifier: Apache-2.0
// The asynchronous interface, generation A: parameters, and the status of a request in an error
// tracker.
#define NRTA_API_GEN A
#include <nrt/nrt_async.h>

#include "runtime/border.h"
#include "runtime/cc.h"
#include "runtime/error_tracker.h"
#include "runtime/scheduling.h"
#include "runtime/status.h"
#include "runtime/symbol_version.h"

NSIM_GENERATION_A(nrta_tensor_write)
NSIM_GENERATION_A(nrta_tensor_read)
NSIM_GENERATION_A(nrta_tensor_copy)
NSIM_GENERATION_A(nrta_execute_schedule)
NSIM_GENERATION_A(nrta_cc_schedule)
NSIM_GENERATION_A(nrta_get_sequence)
NSIM_GENERATION_A(nrta_get_completion_handle)
NSIM_GENERATION_A(nrta_error_tracker_create)
NSIM_GENERATION_A(nrta_error_tracker_destroy)
NSIM_GENERATION_A(nrta_error_tracker_get_list)

using namespace nsim::rt;
using nsim::hw::UnitType;

namespace nsim::rt {
namespace {

/// The tracker may be absent (R19).
StatusSink sink_of(Session& session, const nrta_error_tracker_t* tracker) {
  return {tracker == nullptr ? nullptr : session.objects().trackers.get(tracker), nullptr};
}

/// Generation A offers one queue of collectives, although there are more units (R54).
constexpr int kCollectivesQueues = 1;

UnitType unit_type(int xu, int queue) {
  if (xu < NRTA_XU_TENSOR_READ || xu >= NRTA_XU_TYPE_NUM) {
    throw StatusError(NRT_INVALID, "no such execution unit type");
  }
  if (xu == NRTA_XU_COLLECTIVES && queue >= kCollectivesQueues) {
    throw StatusError(NRT_INVALID, "collectives have queue 0 only");
  }
  return static_cast<UnitType>(xu);
}

}  // namespace
}  // namespace nsim::rt

NRT_STATUS nrta_tensor_write(nrt_tensor_t* tensor, const void* buf, uint64_t offset, uint64_t size,
                             int queue, nrta_error_tracker_t* err, nrta_seq_t* req_sequence) {
  return in_session(__func__, [&](Session& session) {
    return schedule_write(session, {tensor, offset, size}, buf, {UnitType::TensorWrite, queue},
                          sink_of(session, err), req_sequence);
  });
}

NRT_STATUS nrta_tensor_read(void* buf, nrt_tensor_t* tensor, uint64_t offset, uint64_t size,
                            int queue, nrta_error_tracker_t* err, nrta_seq_t* req_sequence) {
  return in_session(__func__, [&](Session& session) {
    return schedule_read(session, buf, {tensor, offset, size}, {UnitType::TensorRead, queue},
                         sink_of(session, err), req_sequence);
  });
}

NRT_STATUS nrta_tensor_copy(nrt_tensor_t* src, uint64_t src_offset, nrt_tensor_t* dst,
                            uint64_t dst_offset, uint64_t size, int queue,
                            nrta_error_tracker_t* err, nrta_seq_t* req_sequence) {
  return in_session(__func__, [&](Session& session) {
    return schedule_copy(session, {dst, dst_offset, size}, {src, src_offset, size},
                         {UnitType::TensorOp, queue}, sink_of(session, err), req_sequence);
  });
}

NRT_STATUS nrta_execute_schedule(nrt_model_t* model, const nrt_tensor_set_t* input,
                                 nrt_tensor_set_t* output, int queue, nrta_error_tracker_t* err,
                                 nrta_seq_t* req_sequence) {
  return in_session(__func__, [&](Session& session) {
    return schedule_execution(session, model, input, output, queue, sink_of(session, err),
                              req_sequence);
  });
}

NRT_STATUS nrta_cc_schedule(nrt_cc_context_t** cc_ctx, int queue, nrta_error_tracker_t* err,
                            nrta_seq_t* req_sequence) {
  return in_session(__func__, [&](Session& session) {
    unit_type(NRTA_XU_COLLECTIVES, queue);
    return schedule_collective(session, cc_ctx, queue, sink_of(session, err), req_sequence);
  });
}

NRT_STATUS nrta_get_sequence(uint32_t lnc, nrta_xu_t xu, int queue, nrta_seq_t* seq) {
  return in_session(__func__, [&, xu = integer_of(xu)](Session& session) {
    require_pointer(seq, "seq");
    *seq = last_completed(session, lnc, unit_type(xu, queue), queue);
    return NRT_SUCCESS;
  });
}

NRT_STATUS nrta_get_completion_handle(nrta_seq_t seq, int* fd) {
  return in_session(__func__, [&](Session& session) {
    require_pointer(fd, "fd");
    *fd = completion_handle(session, seq);
    return NRT_SUCCESS;
  });
}

NRT_STATUS nrta_error_tracker_create(uint32_t lnc_idx, nrta_error_tracker_t** tracker) {
  return in_session(__func__, [&](Session& session) {
    require_pointer(tracker, "tracker");
    session.require_core(lnc_idx);
    *tracker =
        session.objects().trackers.add(std::make_shared<ErrorTracker>(static_cast<int>(lnc_idx)));
    return NRT_SUCCESS;
  });
}

void nrta_error_tracker_destroy(nrta_error_tracker_t* tracker) {
  in_session(__func__, [&](Session& session) {
    const auto removed = session.objects().trackers.remove(tracker);
    if (removed && session.checks() != nullptr) {
      session.checks()->tracker_destroyed(removed.get());
    }
    return NRT_SUCCESS;
  });
}

NRT_STATUS nrta_error_tracker_get_list(nrta_error_tracker_t* tracker, const nrta_error_t** list,
                                       size_t* error_count) {
  return in_session(__func__, [&](Session& session) {
    require_pointer(list, "list");
    require_pointer(error_count, "error_count");
    const auto object = session.objects().trackers.get(tracker);
    const std::vector<nrta_error_t>& errors = object->list();
    if (session.checks() != nullptr) {
      session.checks()->errors_listed(object.get());
    }
    *list = errors.data();
    *error_count = errors.size();
    return NRT_SUCCESS;
  });
}
