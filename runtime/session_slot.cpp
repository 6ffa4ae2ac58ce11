// SPDX-License-Identifier: Apache-2.0
#include "runtime/session_slot.h"

#include <pthread.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <mutex>

#include "sim/base/error.h"
#include "sim/base/log.h"

namespace nsim::rt {
namespace {

constexpr std::uint64_t kOpen = 1ULL << 63;

struct Slot {
  std::atomic<std::uint64_t> word{0};  // kOpen, plus the number of borrowers
  std::atomic<bool> was_open{false};
  std::mutex change;  // held by whoever opens or closes
  std::unique_ptr<Session> session;
  std::mutex mutex;  // of returned
  std::condition_variable returned;
  const Slot* of_parent = nullptr;  // in a forked child: the one left behind, which is no leak
};

/// The parent's threads do not exist in a forked child: its session is not the child's (R8). It is
/// left where it is.
void forget_after_fork();

Slot*& slot_pointer() {
  static Slot* instance = [] {
    pthread_atfork(nullptr, nullptr, forget_after_fork);
    std::atexit(
        [] { close_session(); });  // reports are written even when the client never calls nrt_close
    return new Slot;               // never destroyed: calls may come while the process ends
  }();
  return instance;
}

Slot& slot() {
  return *slot_pointer();
}

void forget_after_fork() {
  const Slot* const of_parent = slot_pointer();
  slot_pointer() = new Slot;
  slot_pointer()->of_parent = of_parent;
}

void give_back(Slot& shared) {
  if (shared.word.fetch_sub(1, std::memory_order_acq_rel) ==
      1) {  // not open, and the last one: nrt_close may wait
    const std::lock_guard<std::mutex> lock(shared.mutex);
    shared.returned.notify_all();
  }
}

}  // namespace

Lease::Lease() : session_(nullptr) {
  Slot& shared = slot();
  if ((shared.word.fetch_add(1, std::memory_order_acquire) & kOpen) != 0) {
    session_ = shared.session.get();
  } else {
    give_back(shared);
  }
}

Lease::~Lease() {
  if (session_ != nullptr) {
    give_back(slot());
  }
}

NRT_STATUS no_session_status() {
  return slot().was_open ? NRT_CLOSED : NRT_UNINITIALIZED;
}

bool open_session() {
  Slot& shared = slot();
  const std::lock_guard<std::mutex> lock(shared.change);
  if (shared.session) {
    return false;
  }
  apply_log_environment();
  const Environment environment = read_environment();
  if (environment.implicit_async) {
    NSIM_LOG(
        Nrt, Warn,
        "NEURON_RT_ASYNC_EXEC_MAX_INFLIGHT_REQUESTS is ignored: there is no implicit async mode");
  }
  shared.session = std::make_unique<Session>(environment, options(environment));
  shared.was_open = true;
  shared.word.fetch_or(kOpen, std::memory_order_release);
  return true;
}

void close_session() {
  Slot& shared = slot();
  const std::lock_guard<std::mutex> lock(shared.change);
  if (!shared.session) {
    return;
  }
  shared.word.fetch_and(~kOpen, std::memory_order_acq_rel);
  shared.session->shut_down();
  {
    std::unique_lock<std::mutex> wait(shared.mutex);
    shared.returned.wait(wait, [&] { return shared.word.load(std::memory_order_acquire) == 0; });
  }
  try {
    shared.session->finish();
  } catch (const std::exception& error) {
    NSIM_LOG(Nrt, Error, "{}", error.what());
  }
  shared.session.reset();
}

namespace {

Session& open_or_throw(const Lease& lease) {
  if (!lease) {
    throw UserError("no session is open");
  }
  return *lease;
}

}  // namespace

void wait_until(const std::function<bool()>& done) {
  const Lease lease;
  open_or_throw(lease).wait(done);
}

SessionRecord session_record() {
  const Lease lease;
  return open_or_throw(lease).record();
}

}  // namespace nsim::rt
