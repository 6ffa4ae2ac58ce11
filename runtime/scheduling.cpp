// SPDX-License-Identifier: Apache-2.0
#include "runtime/scheduling.h"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/border.h"
#include "runtime/error_tracker.h"
#include "runtime/execution.h"
#include "runtime/status.h"
#include "runtime/transfers.h"

namespace nsim::rt {
namespace {

View view_of(Session& session, const TensorRange& range) {
  return session.objects().tensors.get(range.tensor)->range(range.offset, range.size);
}

std::int64_t core_for(const Session& session, const UnitChoice& unit, const View& view) {
  if (!unit.core) {
    return std::max(view.core(), 0);
  }
  session.require_core(*unit.core);
  const int device = session.device_of_core(static_cast<int>(*unit.core));
  if (view.core() >= 0 && session.device_of_core(view.core()) != device) {
    throw StatusError(NRT_INVALID,
                      fmt::format("logical core {} is on device {}, out of reach of a tensor of "
                                  "device {}",
                                  *unit.core, device, session.device_of_core(view.core())));
  }
  return *unit.core;
}

void check_event(UnitEvents::Result result, int fd) {
  if (result == UnitEvents::Result::NoEventfd) {
    throw StatusError(NRT_INVALID, fmt::format("descriptor {} is not an open eventfd", fd));
  }
  if (result == UnitEvents::Result::NoDescriptorLeft) {
    throw StatusError(NRT_RESOURCE, "no file descriptor is left");
  }
}

}  // namespace

UnitQueue& require_unit(Session& session, std::int64_t core, hw::UnitType type,
                        std::int64_t queue) {
  session.require_core(core);
  UnitQueue* unit = session.unit(core, type, queue);
  if (unit == nullptr) {
    throw StatusError(NRT_INVALID,
                      fmt::format("logical core {} has no queue {} of that type", core, queue));
  }
  return *unit;
}

NRT_STATUS schedule_request(Session& session, std::int64_t core, const UnitChoice& unit,
                            std::unique_ptr<Request> request, const StatusSink& sink,
                            nrta_seq_t* sequence) {
  UnitQueue& queue = require_unit(session, core, unit.type, unit.queue);
  if (sink.tracker && sink.tracker->core() != core) {
    throw StatusError(NRT_INVALID,
                      fmt::format("the error tracker belongs to logical core {}, the unit to {}",
                                  sink.tracker->core(), core));
  }
  request->sink = sink;
  return session.schedule(queue, request, sequence);
}

NRT_STATUS schedule_write(Session& session, const TensorRange& to, const void* from,
                          const UnitChoice& unit, const StatusSink& sink, nrta_seq_t* sequence) {
  require_pointer(sequence, "req_sequence");
  require_buffer(from, to.size);
  const View view = view_of(session, to);
  return schedule_request(session, core_for(session, unit, view), unit,
                          write_request("nrta_tensor_write", view, from), sink, sequence);
}

NRT_STATUS schedule_read(Session& session, void* to, const TensorRange& from,
                         const UnitChoice& unit, const StatusSink& sink, nrta_seq_t* sequence) {
  require_pointer(sequence, "req_sequence");
  require_buffer(to, from.size);
  const View view = view_of(session, from);
  return schedule_request(session, core_for(session, unit, view), unit,
                          read_request("nrta_tensor_read", to, view), sink, sequence);
}

NRT_STATUS schedule_copy(Session& session, const TensorRange& to, const TensorRange& from,
                         const UnitChoice& unit, const StatusSink& sink, nrta_seq_t* sequence) {
  require_pointer(sequence, "req_sequence");
  const View source = view_of(session, from);
  const View destination = view_of(session, to);
  if (source.core() < 0 || source.core() != destination.core()) {
    throw StatusError(NRT_INVALID, "both tensors must be device memory of one logical core");
  }
  return schedule_request(session, core_for(session, unit, destination), unit,
                          copy_request("nrta_tensor_copy", destination, source), sink, sequence);
}

NRT_STATUS schedule_execution(Session& session, const nrt_model_t* model,
                              const nrt_tensor_set_t* inputs, const nrt_tensor_set_t* outputs,
                              std::int64_t queue, const StatusSink& sink, nrta_seq_t* sequence) {
  require_pointer(sequence, "req_sequence");
  const Objects& objects = session.objects();
  const auto object = objects.models.get(model);
  const auto from = objects.tensor_sets.get(inputs);
  const auto to = objects.tensor_sets.get(outputs);
  const UnitChoice unit{hw::UnitType::Compute, queue};
  require_unit(session, object->core, unit.type, unit.queue);
  return schedule_request(session, object->core, unit,
                          execution_request("nrta_execute_schedule", session, object, *from, *to),
                          sink, sequence);
}

UnitQueue& issued_unit(Session& session, nrta_seq_t sequence) {
  UnitQueue* unit = session.unit_of(sequence);
  if (unit == nullptr || !unit->was_issued(NRTA_SEQ_GET_SEQ_NUM(sequence))) {
    if (session.checks() != nullptr) {
      session.checks()->unknown_sequence(sequence);
    }
    throw StatusError(NRT_INVALID, fmt::format("sequence id {:#x} was never given", sequence));
  }
  return *unit;
}

bool is_complete(Session& session, nrta_seq_t sequence) {
  UnitQueue& unit = issued_unit(session, sequence);
  session.poll();
  const bool complete = unit.completed() >= NRTA_SEQ_GET_SEQ_NUM(sequence);
  if (complete && session.checks() != nullptr) {
    session.checks()->observed(sequence);
  }
  return complete;
}

nrta_seq_t last_completed(Session& session, std::int64_t core, hw::UnitType type,
                          std::int64_t queue) {
  UnitQueue& unit = require_unit(session, core, type, queue);
  session.poll();
  const nrta_seq_t last = unit.last_completed();
  if (session.checks() != nullptr) {
    session.checks()->observed(last);
  }
  return last;
}

namespace {

/// Checking mode: from now on the client may learn from `fd` that the request is over.
void expect_event(Session& session, nrta_seq_t sequence, int fd) {
  if (session.checks() != nullptr && fd >= 0) {
    session.checks()->event(sequence);
  }
}

}  // namespace

int completion_handle(Session& session, nrta_seq_t sequence) {
  UnitQueue& unit = issued_unit(session, sequence);
  expect_event(session, sequence, 0);
  const int handle = unit.events().handle(NRTA_SEQ_GET_SEQ_NUM(sequence));
  if (handle < 0) {
    throw StatusError(NRT_RESOURCE, "no file descriptor is left");
  }
  session.clock().may_sleep();
  return handle;
}

void register_event(Session& session, nrta_seq_t sequence, int fd) {
  UnitQueue& unit = issued_unit(session, sequence);
  expect_event(session, sequence, fd);
  check_event(unit.events().watch(NRTA_SEQ_GET_SEQ_NUM(sequence), fd), fd);
  session.clock().may_sleep();
}

void register_unit_event(Session& session, std::int64_t core, hw::UnitType type, std::int64_t queue,
                         int fd) {
  UnitQueue& unit = require_unit(session, core, type, queue);
  expect_event(session, unit.id_of(0), fd);
  check_event(unit.events().watch_all(fd), fd);
  session.clock().may_sleep();
}

}  // namespace nsim::rt
