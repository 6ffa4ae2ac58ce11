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
  pending_.push_back({link_.send_to_host(kMessageBytes) + params_.latency, origin.unit});
  if (pending_.size() == 1) {
    due_.notify(to_sc(pending_.front().at - now()));
  }
}

void Interrupts::deliver() {
  if (link_.dead()) {
    pending_.clear();
  }
  while (!pending_.empty() && pending_.front().at <= now()) {
    const UnitAddress unit = pending_.front().unit;
    pending_.pop_front();
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
