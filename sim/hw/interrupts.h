// SPDX-License-Identifier: Apache-2.0
// Interrupts of a device on their way to the host: over the link, then the host's own latency, then
// the driver's handler on the simulation thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <systemc>

#include "sim/base/params.h"
#include "sim/base/stats.h"
#include "sim/base/waves.h"
#include "sim/hw/link.h"
#include "sim/hw/request.h"

namespace nsim::hw {

struct InterruptParams {
  explicit InterruptParams(ParamScope scope);  // [interrupts]
  SimTime latency;                             // from its arrival at the host to the handler
};

class Interrupts : public sc_core::sc_module {
 public:
  using Handler = std::function<void(UnitAddress)>;

  Interrupts(sc_core::sc_module_name name, const InterruptParams& params, Link& link,
             Faults* faults = nullptr);

  void on_interrupt(Handler handler) { handler_ = std::move(handler); }
  /// Follows everything that was written to the host before.
  void raise(const Origin& origin);

  /// Signals <scope>.<unit> of every unit that raises any: interrupts on their way to the handler.
  /// `unit` names it.
  void watch(Waves& waves, std::string scope, std::function<std::string(UnitAddress)> unit);

  void report(StatsScope stats) const;

 private:
  struct Pending {
    SimTime at = 0;
    UnitAddress unit;
  };

  struct Line {
    Wave wave;
    std::int64_t pending = 0;
  };

  void deliver();
  void show(UnitAddress unit, std::int64_t change);

  const InterruptParams params_;
  Link& link_;
  Faults* const faults_;
  Handler handler_;
  std::deque<Pending> pending_;  // by time
  std::int64_t raised_ = 0;
  sc_core::sc_event due_;
  Waves* waves_ = nullptr;
  std::string wave_scope_;
  std::function<std::string(UnitAddress)> unit_name_;
  std::map<std::string, Line> lines_;
};

}  // namespace nsim::hw
