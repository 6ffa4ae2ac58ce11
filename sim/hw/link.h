// SPDX-License-Identifier: Apache-2.0
// The host link of a device: full duplex, each direction one serial resource. Reads by the device
// cost a round trip, writes are posted.
//
// A small write towards the host is a message (a notification): it becomes visible there when it
// arrives, not before, because the host polls for it. A large one is data, which nobody may look at
// before the message that announces it: it is moved at once.
#pragma once

#include <tlm_utils/multi_passthrough_target_socket.h>
#include <tlm_utils/simple_initiator_socket.h>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <systemc>
#include <tlm>
#include <vector>

#include "sim/base/params.h"
#include "sim/base/stats.h"
#include "sim/base/timeline.h"
#include "sim/hw/faults.h"

namespace nsim::hw {

struct LinkParams {
  explicit LinkParams(ParamScope scope);  // [host_link]
  std::int64_t bandwidth;                 // per direction
  SimTime latency;                        // one way
};

class Link : public sc_core::sc_module {
 public:
  Link(sc_core::sc_module_name name, const LinkParams& params, Faults* faults = nullptr);

  /// From the device.
  tlm_utils::multi_passthrough_target_socket<Link> in{"in"};
  /// To host memory.
  tlm_utils::simple_initiator_socket<Link> out{"out"};

  /// A register write of `bytes` sent by the host now; returns when it arrives at the device.
  SimTime send_to_device(std::int64_t bytes);
  /// A message of `bytes` without content (an interrupt) sent by the device now; returns its
  /// arrival.
  SimTime send_to_host(std::int64_t bytes);
  /// The answer of `bytes` to a read by the host, sent now: `arrived` runs when it is there, behind
  /// every message before it. Never when the link fails first.
  void answer(std::int64_t bytes, std::function<void()> arrived);
  /// Nothing crosses the link any more, in either direction; what is on its way is lost.
  void die();
  bool dead() const { return dead_; }

  void report(StatsScope stats) const;

 private:
  struct Message {
    SimTime arrival = 0;
    std::uint64_t address = 0;
    std::vector<unsigned char> data;
    std::function<void()> arrived;  // of an answer, which has no place in memory
  };

  void b_transport(int id, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  SimTime send(Timeline& direction, std::int64_t bytes);
  void post(Message message);
  void deliver();
  DeviceError fault(tlm::tlm_generic_payload& payload, const ScatterList& list);

  const LinkParams params_;
  Faults* const faults_;
  bool dead_ = false;
  Timeline to_device_;
  Timeline to_host_;
  std::int64_t to_device_bytes_ = 0;
  std::int64_t to_host_bytes_ = 0;
  std::deque<Message> messages_;  // by arrival
  sc_core::sc_event arrived_;
};

}  // namespace nsim::hw
