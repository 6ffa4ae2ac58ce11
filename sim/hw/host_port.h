// SPDX-License-Identifier: Apache-2.0
// The host's side of register access: posted writes cross the host link and take effect on the
// device when they arrive, in order.
#pragma once

#include <tlm_utils/simple_initiator_socket.h>
#include <cstdint>
#include <deque>
#include <systemc>
#include <tlm>

#include "sim/base/units.h"
#include "sim/hw/link.h"

namespace nsim::hw {

class HostPort : public sc_core::sc_module {
 public:
  HostPort(sc_core::sc_module_name name, Link& link);

  /// To the device's registers.
  tlm_utils::simple_initiator_socket<HostPort> reg{"reg"};

  void write(std::uint64_t address, std::uint64_t value);

 private:
  struct Write {
    SimTime arrival = 0;
    std::uint64_t address = 0;
    std::uint64_t value = 0;
  };

  void deliver();

  Link& link_;
  std::deque<Write> writes_;  // by arrival
  sc_core::sc_event arrived_;
};

}  // namespace nsim::hw
