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

Interrupts::Interrupts(sc_core::sc_module_name name, const InterruptParams& params, Link& link)
    : sc_module(name), params_(params), link_(link) {
  SC_HAS_PROCESS(Interrupts);
  SC_METHOD(deliver);
  sensitive << due_;
  dont_initialize();
}

void Interrupts::raise(UnitAddress unit) {
  ++raised_;
  pending_.push_back({link_.send_to_host(kMessageBytes) + params_.latency, unit});
  if (pending_.size() == 1) {
    due_.notify(to_sc(pending_.front().at - now()));
  }
}

void Interrupts::deliver() {
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
