// SPDX-License-Identifier: Apache-2.0
#include "runtime/error_tracker.h"

#include <nrt/nrt_async_a.h>

namespace nsim::rt {

ErrorTracker::ErrorTracker(int core) : core_(core) {}

ErrorTracker::~ErrorTracker() = default;

void ErrorTracker::add(nrta_seq_t sequence, NRT_STATUS status) {
  const std::lock_guard<std::mutex> lock(mutex_);
  entries_.push_back({sequence, static_cast<std::uint64_t>(status)});
}

const std::vector<nrta_error>& ErrorTracker::list() {
  const std::lock_guard<std::mutex> lock(mutex_);
  listed_ = entries_;
  return listed_;
}

}  // namespace nsim::rt
