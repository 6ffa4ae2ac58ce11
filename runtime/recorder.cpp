// SPDX-License-Identifier: Apache-2.0
#include "runtime/recorder.h"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/status.h"
#include "runtime/summary.h"

namespace nsim::rt {
Recorder::Recorder(const std::string& instance, TraceSet& traces, SysTrace& events,
                   Profiles& profiles, std::int64_t max_records)
    : traces_(traces),
      events_(events),
      profiles_(profiles),
      max_records_(static_cast<std::size_t>(max_records)) {
  if (traces_.enabled()) {
    constexpr int kPid = 2;  // the hardware's group is 1: viewers merge groups of one pid
    process_ = traces_.system().process(instance + "/neuron_rt", kPid);
  }
}

void Recorder::submitted(const UnitQueue& queue, const Request& request) {
  if (!request.sync) {
    host_span(request, request.submitted);
    events_.api_call(request.api, queue.address().core, request.sequence, request.called,
                     request.submitted);
  }
}

void Recorder::finished(const UnitQueue& queue, const Request& request, SimTime now) {
  if (request.sync) {
    host_span(request, now);
    events_.api_call(request.api, queue.address().core, request.sequence, request.called, now);
  }
  if (request.descriptor.opcode == hw::RequestOpcode::Execute) {
    events_.execution(queue.address().core, request.sequence, request.started, request.ended);
    profiles_.execution(request.model->id, request.sequence, request.started, request.ended,
                        request.status);
  }
  if (traces_.enabled()) {
    Trace& trace = traces_.system();
    trace.instant(unit_track(queue), trace.name("completed"), now, request.sequence,
                  {{"sequence", static_cast<std::int64_t>(request.number())},
                   {"status", 0, status_name(request.status)}});
  }
  if (requests_.size() < max_records_) {
    RequestRecord record;
    record.unit = queue.address();
    record.sequence = request.number();
    record.model_id = request.model ? request.model->id : 0;
    record.bytes = request.descriptor.size;
    record.submitted = request.submitted;
    record.started = request.started;
    record.ended = request.ended;
    record.completed = now;
    record.status = request.status;
    requests_.push_back(record);
  }
}

void Recorder::host_span(const Request& request, SimTime end) {
  if (!traces_.enabled()) {
    return;
  }
  Trace& trace = traces_.system();
  ThreadTrack& thread = threads_[request.thread];
  if (thread.track == 0) {
    thread.track =
        trace.track(fmt::format("host thread {}", request.thread), process_, request.thread);
  }
  const SimTime start = std::max(request.called, thread.end);
  thread.end = std::max(start, end);
  trace.slice(thread.track, trace.name(request.api), start, thread.end, request.sequence,
              {{"sequence", static_cast<std::int64_t>(request.number())}});
}

TrackId Recorder::unit_track(const UnitQueue& queue) {
  TrackId& track = units_[NRTA_SEQ_GET_XU_ID(queue.last_completed())];
  if (track == 0) {
    const std::string name = "completions " + unit_name(queue.address());
    constexpr int kAfterThreads = 1000;
    track = traces_.system().track(name, process_,
                                   kAfterThreads + NRTA_SEQ_GET_XU_ID(queue.last_completed()));
  }
  return track;
}

}  // namespace nsim::rt
