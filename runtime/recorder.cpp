// SPDX-License-Identifier: Apache-2.0
#include "runtime/recorder.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "runtime/status.h"

namespace nsim::rt {
Recorder::Recorder(const std::string& instance, TraceSet& traces, std::vector<SysTrace*> events,
                   Profiles& profiles, std::int64_t max_records)
    : traces_(traces),
      events_(std::move(events)),
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
    api_call(queue, request, request.submitted);
  }
}

void Recorder::finished(const UnitQueue& queue, const Request& request, SimTime now) {
  if (request.sync) {
    host_span(request, now);
    api_call(queue, request, now);
  }
  trace_request(queue, request, now);
  if (request.descriptor.opcode == hw::RequestOpcode::Execute) {
    profiles_.execution(request.model->id, request.sequence, request.started, request.ended,
                        request.status);
  }
  if (traces_.enabled()) {
    Trace& trace = traces_.system();
    trace.instant(unit_track(queue), trace.name("completed"), now, request.sequence,
                  {{"sequence", static_cast<std::int64_t>(request.number())},
                   {"status", 0, status_name(request.status)}});
  }
  RequestRecord& record = recent_[finished_++ % recent_.size()];
  record.unit = queue.address();
  record.sequence = request.number();
  record.model_id = request.model ? request.model->id : 0;
  record.bytes = request.descriptor.size;
  record.submitted = request.submitted;
  record.started = request.started;
  record.ended = request.ended;
  record.completed = now;
  record.status = request.status;
  if (paths_ != nullptr) {
    paths_->completed(record);
  }
  if (requests_.size() < max_records_) {
    requests_.push_back(record);
  }
}

void Recorder::api_call(const UnitQueue& queue, const Request& request, SimTime end) {
  for (SysTrace* events : events_) {
    events->event(request.api, queue.address().core, request.sequence, request.called, end,
                  request.thread);
  }
}

void Recorder::trace_request(const UnitQueue& queue, const Request& request, SimTime now) {
  const int core = queue.address().core;
  const bool execution = request.descriptor.opcode == hw::RequestOpcode::Execute;
  const bool switched =
      execution && std::exchange(model_of_core_[core], request.model->id) != request.model->id;
  for (SysTrace* events : events_) {
    if (!events->running()) {
      continue;
    }
    const auto add = [&](const char* name, SimTime start, SimTime end) {
      events->event(name, core, request.sequence, start, end, request.thread);
    };
    if (execution) {
      add("nrt_model_submit", request.called, request.submitted);
      add("kbl_exec_pre", request.called, request.submitted);
      add("kbl_exec_wait", request.submitted, request.ended);
      if (switched) {
        add("nrt_model_switch", request.started, request.started);
      }
      events->event("nc_exec_running", core, request.sequence, request.started, request.ended);
      add("kbl_exec_post", request.ended, now);
    } else if (queue.address().type == hw::UnitType::Collectives) {
      add("cc_running", request.started, request.ended);
    }
    add("hw_notify", request.ended, now);
    if (request.status == NRT_EXEC_COMPLETED_WITH_NUM_ERR) {
      add("numerical_err", request.ended, request.ended);
    }
    if (request.status != NRT_SUCCESS && request.status != NRT_CLOSED) {
      add("notification_consume_errors", request.ended, now);
    }
  }
}

std::optional<RequestRecord> Recorder::find_recent(const hw::UnitAddress& unit,
                                                   std::uint64_t number) const {
  for (std::size_t age = 1; age <= std::min<std::uint64_t>(finished_, recent_.size()); ++age) {
    const RequestRecord& record = recent_[(finished_ - age) % recent_.size()];
    if (record.unit.core == unit.core && record.unit.type == unit.type &&
        record.unit.queue == unit.queue && record.sequence == number) {
      return record;
    }
  }
  return std::nullopt;
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
