// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/interrupts.h"

#include "sim/hw/time.h"

namespace nsim::hw {
namespace {

constexpr std::int64_t kMessageBytes = 4;  // a message-signalled interrupt is one 32-bit write

}  // namespace

InterruptParams::InterruptParams(ParamScope scope)
    : latency(scope.duration("latency", "1us", "0ns", "1ms",
                             "From the arrival of an interrupt at the host to its handler")) {}

Interrupts::Interrupts(sc_core::sc_module_name name, const InterruptParams& params, Link& link,
                       Faults* faults)
    : sc_module(name), params_(params), link_(link), faults_(faults) {
  SC_HAS_PROCESS(Interrupts);
  SC_METHOD(deliver);
  sensitive << due_;
  dont_initialize();
}

void Interrupts::raise(const Origin& origin) {
  ++raised_;
  if (Faults::active(faults_) &&
      faults_->strikes(FaultPoint::InterruptLost, {origin, FaultPhase::Interrupt, nullptr, 0})) {
    return;
  }
  if (link_.dead()) {
    return;
  }
  show(origin.unit, 1);
  pending_.push_back({link_.send_to_host(kMessageBytes) + params_.latency, origin.unit});
  if (pending_.size() == 1) {
    due_.notify(to_sc(pending_.front().at - now()));
  }
}

void Interrupts::watch(Waves& waves, std::string scope,
                       std::function<std::string(UnitAddress)> unit) {
  waves_ = &waves;
  wave_scope_ = std::move(scope);
  unit_name_ = std::move(unit);
}

void Interrupts::show(UnitAddress unit, std::int64_t change) {
  if (waves_ == nullptr) {
    return;
  }
  const std::string name = unit_name_(unit);
  const auto [line, is_new] = lines_.try_emplace(name);
  if (is_new) {
    line->second.wave = waves_->signal(wave_scope_ + "." + name, 8);
  }
  line->second.pending += change;
  line->second.wave.set(now(), line->second.pending);
}

void Interrupts::deliver() {
  if (link_.dead()) {
    for (const Pending& lost : pending_) {
      show(lost.unit, -1);
    }
    pending_.clear();
  }
  while (!pending_.empty() && pending_.front().at <= now()) {
    const UnitAddress unit = pending_.front().unit;
    pending_.pop_front();
    show(unit, -1);
    if (handler_) {
      handler_(unit);
    }
  }
  if (!pending_.empty()) {
    due_.notify(to_sc(pending_.front().at - now()));
  }
}

void Interrupts::report(StatsScope stats) const {
  stats.add("raised", static_cast<double>(raised_), "1", "Interrupts raised");
}

}  // namespace nsim::hw
