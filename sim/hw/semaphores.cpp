// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/semaphores.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/hw/activity.h"
#include "sim/hw/time.h"

namespace nsim::hw {

// NKI performance guide, profile of a small trn1 kernel: about 40 ns from the end of a Scalar
// instruction to the start of the Vector instruction that waits for it. Across cores nothing is
// published: assumed.
SemaphoreParams::SemaphoreParams(ParamScope scope)
    : latency(scope.duration(
          "latency", "40ns", "0ns", "100us",
          "From the update of a semaphore to the start of an engine waiting for it")),
      peer_latency(scope.duration("peer_latency", "200ns", "0ns", "100us",
                                  "The same between the physical cores of a logical core")) {}

Semaphores::Semaphores(const SemaphoreParams& params) : latency_(params.latency) {}

void Semaphores::watch(Waves& waves, const std::string& scope) {
  for (int semaphore = 0; semaphore < isa::kSemaphoreCount; ++semaphore) {
    waves_.push_back(waves.signal(fmt::format("{}.s{}", scope, semaphore), 32));
  }
}

void Semaphores::reset() {
  for (Wave& wave : waves_) {
    wave.set(now(), 0);
  }
  for (Semaphore& semaphore : semaphores_) {
    semaphore.settled = 0;
    semaphore.recent.clear();
  }
  waiters_.fill(Waiter());
  trace_ = nullptr;
}

void Semaphores::trace(Trace& trace, int core) {
  const int below_engines =
      Activity::kFirstRank + core * Activity::kRanksPerCore + isa::kEngineCount;
  trace_ = &trace;
  track_ = trace.track(fmt::format("semaphores(nc{})", core), 0, below_engines);
}

bool Semaphores::add(int semaphore, std::int32_t value, MomentId cause, std::string_view by) {
  Semaphore& state = semaphores_[static_cast<std::size_t>(semaphore)];
  const std::int64_t sum =
      std::int64_t{state.recent.empty() ? state.settled : state.recent.back().value} + value;
  if (sum < 0 || sum > INT32_MAX) {
    return false;
  }
  const auto later = std::find_if(state.recent.begin(), state.recent.end(),
                                  [](const Update& update) { return update.visible > now(); });
  if (later != state.recent.begin()) {
    state.settled = std::prev(later)->value;
    state.recent.erase(state.recent.begin(), later);
  }
  if (!waves_.empty()) {
    waves_[static_cast<std::size_t>(semaphore)].set(now(), sum);
  }
  if (traced()) {
    trace_->instant(track_, trace_->name(by), now(), 0, {{"semaphore", semaphore}, {"value", sum}});
  }
  state.recent.push_back({now() + latency_, static_cast<std::int32_t>(sum), cause});
  for (Waiter& waiter : waiters_) {
    if (waiter.wake != nullptr && waiter.semaphore == semaphore && sum >= waiter.value) {
      waiter.wake->notify(to_sc(latency_));
      waiter.wake = nullptr;
      *waiter.cause = cause;
    }
  }
  return true;
}

std::int32_t Semaphores::visible(int semaphore) const {
  const Semaphore& state = semaphores_[static_cast<std::size_t>(semaphore)];
  std::int32_t visible = state.settled;
  for (const Update& update : state.recent) {
    visible = update.visible <= now() ? update.value : visible;
  }
  return visible;
}

SimTime Semaphores::reached_at(int semaphore, std::int32_t value) const {
  const Semaphore& state = semaphores_[static_cast<std::size_t>(semaphore)];
  const SimTime time = now();
  std::int32_t visible = state.settled;
  auto update = state.recent.begin();
  for (; update != state.recent.end() && update->visible <= time; ++update) {
    visible = update->value;
  }
  if (visible >= value) {
    return time;
  }
  update = std::find_if(update, state.recent.end(),
                        [value](const Update& later) { return later.value >= value; });
  return update == state.recent.end() ? kNever : update->visible;
}

MomentId Semaphores::cause(int semaphore, std::int32_t value) const {
  for (const Update& update : semaphores_[static_cast<std::size_t>(semaphore)].recent) {
    if (update.value >= value && update.visible > now()) {
      return update.cause;
    }
  }
  return 0;
}

void Semaphores::wait(isa::Engine engine, int semaphore, std::int32_t value,
                      sc_core::sc_event& wake, MomentId& cause) {
  waiters_[static_cast<std::size_t>(engine)] = {&wake, &cause, semaphore, value};
}

}  // namespace nsim::hw
