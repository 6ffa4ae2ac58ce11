// SPDX-License-Identifier: Apache-2.0
// Where the status of an asynchronous request goes when it is over. The generations of the
// interface differ in this: A collects failures in an error tracker, B and C write to a place of
// the caller's.
#pragma once

#include <nrt/nrt_async_types.h>

#include <memory>

namespace nsim::rt {

class ErrorTracker;

/// At most one of the two; with neither, the status is only logged (R19).
struct StatusSink {
  std::shared_ptr<ErrorTracker> tracker;
  NRT_STATUS* status = nullptr;  // the caller keeps it alive until the request is complete (R57)

  /// Simulation thread, once per request, before it is reported complete (R44, R46, R50).
  void deliver(nrta_seq_t sequence, NRT_STATUS result) const;
};

}  // namespace nsim::rt
