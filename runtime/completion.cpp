// SPDX-License-Identifier: Apache-2.0
#include "runtime/completion.h"

#include "runtime/status.h"
#include "sim/base/log.h"

namespace nsim::rt {
namespace {

void log_failure(const UnitQueue& queue, const Request& request) {
  if (request.status == NRT_SUCCESS || request.status == NRT_CLOSED) {
    return;
  }
  NSIM_LOG(Kmgr, Error, "{} number {} on {} failed at {} ps: {}({})", request.api, request.number(),
           unit_name(queue.address()), request.ended, status_name(request.status),
           static_cast<int>(request.status));
}

/// Gives back what the request used. An execution counts for its outputs only when it came to its
/// end.
void release(Request& request) {
  if (request.status == NRT_SUCCESS) {
    for (const std::shared_ptr<Tensor>& tensor : request.outputs) {
      tensor->output_completions.fetch_add(1, std::memory_order_release);
    }
  }
  request.outputs.clear();
  request.storages.clear();
  if (request.model) {
    request.model->in_flight.fetch_sub(1, std::memory_order_release);
    request.model.reset();
  }
}

}  // namespace

void publish(UnitQueue& queue, Request& request) {
  log_failure(queue, request);
  release(request);
  request.sink.deliver(request.sequence, request.status);
  if (request.sync) {
    request.sync->status = request.status;
    request.sync->done.store(true, std::memory_order_release);
  }
  queue.complete(request.number());
}

}  // namespace nsim::rt
