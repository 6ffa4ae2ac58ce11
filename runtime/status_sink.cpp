// SPDX-License-Identifier: Apache-2.0
#include "runtime/status_sink.h"

#include "runtime/error_tracker.h"

namespace nsim::rt {

void StatusSink::deliver(nrta_seq_t sequence, NRT_STATUS result) const {
  if (status != nullptr) {
    *status = result;
  }
  if (tracker && result != NRT_SUCCESS) {
    tracker->add(sequence, result);
  }
}

}  // namespace nsim::rt
