// SPDX-License-Identifier: Apache-2.0
// The host's side of register access: posted writes cross the host link and take effect on the
// device when they arrive, in order. A fence is a read that only waits for its answer.
#pragma once

#include <tlm_utils/simple_initiator_socket.h>
#include <cstdint>
#include <deque>
#include <functional>
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
  /// `answered` runs when the answer is back: behind what was written before, and behind what the
  /// device had sent until the read came to it. Never when the link fails first.
  void fence(std::function<void()> answered);

 private:
  struct Write {
    SimTime arrival = 0;
    std::uint64_t address = 0;
    std::uint64_t value = 0;
    std::function<void()> answered;  // of a fence, which writes nothing
  };

  void send(Write write);
  void deliver();
  void take_effect(Write& write);

  Link& link_;
  std::deque<Write> writes_;  // by arrival
  sc_core::sc_event arrived_;
};

}  // namespace nsim::hw
