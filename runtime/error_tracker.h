// SPDX-License-Identifier: Apache-2.0
// Generation A's error tracker: the failed requests of one logical core that were given it.
#pragma once

#include <nrt/nrt_async_types.h>

#include <mutex>
#include <vector>

struct nrta_error;  // of the public header of generation A

namespace nsim::rt {

class ErrorTracker {
 public:
  explicit ErrorTracker(int core);
  ~ErrorTracker();

  /// Visible index of the logical core it belongs to.
  int core() const { return core_; }
  /// Simulation thread, before the request is reported complete (R50).
  void add(nrta_seq_t sequence, NRT_STATUS status);
  /// Any thread: everything so far, in memory of the tracker that is valid until the next call
  /// (R48).
  const std::vector<nrta_error>& list();

 private:
  const int core_;
  std::mutex mutex_;
  std::vector<nrta_error> entries_;
  std::vector<nrta_error> listed_;
};

}  // namespace nsim::rt
