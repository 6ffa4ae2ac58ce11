// SPDX-License-Identifier: Apache-2.0
// The timer of the host that drives the devices: one alarm in simulated time.
#pragma once

#include <functional>
#include <systemc>
#include <utility>

#include "sim/base/units.h"

namespace nsim::hw {

class HostTimer : public sc_core::sc_module {
 public:
  explicit HostTimer(sc_core::sc_module_name name);

  void on_timer(std::function<void()> handler) { handler_ = std::move(handler); }
  /// The handler runs `delay` from now, once; an earlier setting is forgotten. kNever: not at all.
  void set(SimTime delay);
  /// In the handler: no process is about to run, now or later.
  static bool at_rest();

 private:
  void expire();

  std::function<void()> handler_;
  sc_core::sc_event expired_;
};

}  // namespace nsim::hw
