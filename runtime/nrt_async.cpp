// SPDX-License-Identifier: Apache-2.0
// The asynchronous interface, generation A.
#include <nrt/nrt_async.h>

#include <algorithm>

#include "runtime/border.h"
#include "runtime/execution.h"
#include "runtime/status.h"
#include "runtime/transfers.h"

using namespace nsim::rt;

namespace nsim::rt {
namespace {

UnitQueue& require_unit(Session& session, int core, hw::UnitType type, int queue) {
  UnitQueue* unit = session.unit(core, type, queue);
  if (unit == nullptr) {
    throw StatusError(NRT_INVALID, "no such core or queue");
  }
  return *unit;
}

/// The tracker may be absent; one of another core is the caller's mistake (R47).
std::shared_ptr<ErrorTracker> tracker_for(Session& session, const nrta_error_tracker_t* handle,
                                          int core) {
  if (handle == nullptr) {
    return nullptr;
  }
  std::shared_ptr<ErrorTracker> tracker = session.objects().trackers.get(handle);
  if (tracker->core() != core) {
    throw StatusError(NRT_INVALID, "the error tracker belongs to another logical core");
  }
  return tracker;
}

/// Host tensors use the units of core 0 (R55).
int unit_core(const View& view) {
  return std::max(view.core(), 0);
}

/// A buffer may be NULL when nothing is transferred (R51).
void require_buffer(const void* buffer, std::uint64_t size) {
  if (size != 0) {
    require_pointer(buffer, "buf");
  }
}

NRT_STATUS schedule_transfer(Session& session, std::unique_ptr<Request> request, int core,
                             hw::UnitType type, int queue, const nrta_error_tracker_t* tracker,
                             nrta_seq_t* sequence) {
  UnitQueue& unit = require_unit(session, core, type, queue);
  request->tracker = tracker_for(session, tracker, core);
  return session.schedule(unit, request, sequence);
}

/// The unit and number behind an id that was given out; throws StatusError(NRT_INVALID) otherwise
/// (R35).
UnitQueue& issued_unit(Session& session, nrta_seq_t sequence) {
  UnitQueue* unit = session.unit_of(sequence);
  if (unit == nullptr || !unit->was_issued(NRTA_SEQ_GET_SEQ_NUM(sequence))) {
    throw StatusError(NRT_INVALID, "sequence id was never given");
  }
  return *unit;
}

}  // namespace
}  // namespace nsim::rt

NRT_STATUS nrta_tensor_write(nrt_tensor_t* tensor, const void* buf, uint64_t offset, uint64_t size,
                             int queue, nrta_error_tracker_t* err, nrta_seq_t* req_sequence) {
  return in_session(__func__, [&](Session& session) {
    require_pointer(req_sequence, "req_sequence");
    require_buffer(buf, size);
    const View view = session.objects().tensors.get(tensor)->range(offset, size);
    return schedule_transfer(session, write_request("nrta_tensor_write", view, buf),
                             unit_core(view), nsim::hw::UnitType::TensorWrite, queue, err,
                             req_sequence);
  });
}

NRT_STATUS nrta_tensor_read(void* buf, nrt_tensor_t* tensor, uint64_t offset, uint64_t size,
                            int queue, nrta_error_tracker_t* err, nrta_seq_t* req_sequence) {
  return in_session(__func__, [&](Session& session) {
    require_pointer(req_sequence, "req_sequence");
    require_buffer(buf, size);
    const View view = session.objects().tensors.get(tensor)->range(offset, size);
    return schedule_transfer(session, read_request("nrta_tensor_read", buf, view), unit_core(view),
                             nsim::hw::UnitType::TensorRead, queue, err, req_sequence);
  });
}

NRT_STATUS nrta_tensor_copy(nrt_tensor_t* src, uint64_t src_offset, nrt_tensor_t* dst,
                            uint64_t dst_offset, uint64_t size, int queue,
                            nrta_error_tracker_t* err, nrta_seq_t* req_sequence) {
  return in_session(__func__, [&](Session& session) {
    require_pointer(req_sequence, "req_sequence");
    const auto source = session.objects().tensors.get(src);
    const auto destination = session.objects().tensors.get(dst);
    const View from = source->range(src_offset, size);
    const View to = destination->range(dst_offset, size);
    if (from.core() < 0 || from.core() != to.core()) {
      throw StatusError(NRT_INVALID, "both tensors must be device memory of one logical core");
    }
    return schedule_transfer(session, copy_request("nrta_tensor_copy", to, from), to.core(),
                             nsim::hw::UnitType::TensorOp, queue, err, req_sequence);
  });
}

NRT_STATUS nrta_execute_schedule(nrt_model_t* model, const nrt_tensor_set_t* input,
                                 nrt_tensor_set_t* output, int queue, nrta_error_tracker_t* err,
                                 nrta_seq_t* req_sequence) {
  return in_session(__func__, [&](Session& session) {
    require_pointer(req_sequence, "req_sequence");
    Objects& objects = session.objects();
    const auto object = objects.models.get(model);
    const auto inputs = objects.tensor_sets.get(input);
    const auto outputs = objects.tensor_sets.get(output);
    UnitQueue& unit = require_unit(session, object->core, nsim::hw::UnitType::Compute, queue);
    auto request = execution_request("nrta_execute_schedule", session, object, *inputs, *outputs);
    request->tracker = tracker_for(session, err, object->core);
    return session.schedule(unit, request, req_sequence);
  });
}

NRT_STATUS nrta_cc_prepare(nrt_cc_comm_t* comm, nrt_tensor_list_t* input, nrt_tensor_list_t* output,
                           nrt_dtype_t dtype, nrt_op_type_t op, nrt_cc_op_type_t cc_op,
                           nrt_cc_context_t** cc_ctx) {
  static_cast<void>(dtype);
  static_cast<void>(op);
  static_cast<void>(cc_op);
  return in_session(__func__, [&](Session&) -> NRT_STATUS {
    require_pointer(comm, "comm");
    require_pointer(input, "input");
    require_pointer(output, "output");
    require_pointer(cc_ctx, "cc_ctx");
    throw StatusError(NRT_FAILURE, "collectives driven by the host are not simulated");
  });
}

NRT_STATUS nrta_cc_schedule(nrt_cc_context_t** cc_ctx, int queue, nrta_error_tracker_t* err,
                            nrta_seq_t* req_sequence) {
  static_cast<void>(queue);
  static_cast<void>(err);
  return in_session(__func__, [&](Session&) -> NRT_STATUS {
    require_pointer(cc_ctx, "cc_ctx");
    require_pointer(req_sequence, "req_sequence");
    throw StatusError(NRT_FAILURE, "collectives driven by the host are not simulated");
  });
}

NRT_STATUS nrta_is_completed(nrta_seq_t seq, bool* is_completed) {
  return in_session(__func__, [&](Session& session) {
    require_pointer(is_completed, "is_completed");
    *is_completed = false;
    UnitQueue& unit = issued_unit(session, seq);
    session.poll(unit);
    *is_completed = unit.completed() >= NRTA_SEQ_GET_SEQ_NUM(seq);
    return NRT_SUCCESS;
  });
}

NRT_STATUS nrta_get_sequence(uint32_t lnc, nrta_xu_t xu, int queue, nrta_seq_t* seq) {
  return in_session(__func__, [&](Session& session) {
    require_pointer(seq, "seq");
    if (xu < NRTA_XU_TENSOR_READ || xu >= NRTA_XU_TYPE_NUM) {
      throw StatusError(NRT_INVALID, "no such execution unit type");
    }
    UnitQueue* unit = session.unit(lnc, static_cast<nsim::hw::UnitType>(xu), queue);
    if (unit == nullptr) {
      throw StatusError(NRT_INVALID, "no such core or queue");
    }
    session.poll(*unit);
    *seq = unit->last_completed();
    return NRT_SUCCESS;
  });
}

NRT_STATUS nrta_get_completion_handle(nrta_seq_t seq, int* fd) {
  return in_session(__func__, [&](Session& session) {
    require_pointer(fd, "fd");
    const int handle = issued_unit(session, seq).completion_handle(NRTA_SEQ_GET_SEQ_NUM(seq));
    if (handle < 0) {
      throw StatusError(NRT_RESOURCE, "no file descriptor is left");
    }
    session.clock().may_sleep();
    *fd = handle;
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
    session.objects().trackers.remove(tracker);
    return NRT_SUCCESS;
  });
}

NRT_STATUS nrta_error_tracker_get_list(nrta_error_tracker_t* tracker, const nrta_error_t** list,
                                       size_t* error_count) {
  return in_session(__func__, [&](Session& session) {
    require_pointer(list, "list");
    require_pointer(error_count, "error_count");
    const std::vector<nrta_error_t>& errors = session.objects().trackers.get(tracker)->list();
    *list = errors.data();
    *error_count = errors.size();
    return NRT_SUCCESS;
  });
}
