// SPDX-License-Identifier: Apache-2.0
// The host's side of one execution unit (logical core, type, queue): admission, numbering,
// completion, failure state.
//
// Data flow: accept() on a host thread numbers a request and keeps it -> the host thread sends a
// doorbell task unless one is on its way (needs_doorbell) -> with it, the driver takes all that is
// kept, on the simulation thread -> the device executes -> complete() on the simulation thread
// makes it visible. Accepted and not yet complete is exactly `issued - completed`, so that whoever
// sees a completion finds its place free.
#pragma once

#include <nrt/nrt_async_types.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "runtime/request.h"
#include "runtime/unit_events.h"
#include "sim/hw/request.h"

namespace nsim::rt {

class UnitQueue {
 public:
  using Requests = std::vector<std::unique_ptr<Request>>;

  UnitQueue(hw::UnitAddress address, nrta_xu_id_t id, std::int64_t depth);

  hw::UnitAddress address() const { return address_; }
  std::int64_t depth() const { return depth_; }

  // Any thread.

  /// Takes the request and writes its id, or says why not and leaves both alone (R18). The request
  /// is not yet at the device.
  NRT_STATUS accept(std::unique_ptr<Request>& request, nrta_seq_t* sequence);
  /// After accept(): true when the caller is to send a doorbell; otherwise another thread's is on
  /// its way, which takes this request along.
  bool needs_doorbell() { return !doorbell_sent_.exchange(true, std::memory_order_acq_rel); }
  /// Number of the last completed request, 0 when there is none. An acquire: everything of it is
  /// visible.
  std::uint64_t completed() const { return completed_.load(std::memory_order_acquire); }
  /// Number of the last request that is at the device.
  std::uint64_t at_device() const { return at_device_.load(std::memory_order_acquire); }
  nrta_seq_t id_of(std::uint64_t number) const;
  nrta_seq_t last_completed() const { return id_of(completed()); }
  bool was_issued(std::uint64_t number) const;
  bool outstanding() const;
  /// nrt_close: from now on accept() returns NRT_CLOSED, so that what is outstanding is all there
  /// will be (R4).
  void close();
  UnitEvents& events() { return events_; }

  // Simulation thread.

  /// Moves the accepted requests that are not yet at the device to `taken`, which is empty, in
  /// order; none while paused, unless `also_paused`. Whatever is accepted later needs another
  /// doorbell.
  void take_pending(Requests& taken, bool also_paused = false);
  void sent(std::uint64_t number) { at_device_.store(number, std::memory_order_release); }
  /// From now on accept() returns NRT_EXEC_UNIT_UNRECOVERABLE (R61).
  void degrade();
  /// Steps 3 and 4 of R40: reports `number` complete, then signals its events.
  void complete(std::uint64_t number);

  // Test hooks, any thread.
  void pause(bool paused);
  /// False when requests are outstanding or `number` is none.
  bool set_next_number(std::uint64_t number);

 private:
  const hw::UnitAddress address_;
  const nrta_xu_id_t id_;
  const std::int64_t depth_;

  mutable std::mutex mutex_;
  bool closed_ = false;
  bool degraded_ = false;
  bool paused_ = false;
  std::uint64_t issued_ = 0;
  std::uint64_t first_ = 1;  // lowest number ever given
  Requests pending_;

  std::atomic<bool> doorbell_sent_{false};
  std::atomic<std::uint64_t> completed_{0};
  std::atomic<std::uint64_t> at_device_{0};
  UnitEvents events_{completed_};
};

}  // namespace nsim::rt
