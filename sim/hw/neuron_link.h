// SPDX-License-Identifier: Apache-2.0
// The links between the devices of an instance. Each is full duplex; each direction is a pipe of a
// bandwidth and a latency, shared by everything that crosses it.
//
// Data flow: a packet for another device leaves the fabric of its own -> the pipes of its route,
// one after the other, each passing on what comes in (cut-through) -> the fabric of the other
// device. A read takes the pipes on the way back. How long the slowest stage (pipes, memory) is
// taken is back pressure for the initiator, latencies overlap with its next packet.
//
// Routes: on a line or ring the shorter way, upwards when both are as long; on a torus of rows of
// `columns` devices first along the row, then along the column; with a switch up one port and down
// another.
#pragma once

#include <tlm_utils/multi_passthrough_initiator_socket.h>
#include <tlm_utils/multi_passthrough_target_socket.h>
#include <cstdint>
#include <string>
#include <systemc>
#include <tlm>
#include <vector>

#include "sim/base/params.h"
#include "sim/base/stats.h"
#include "sim/base/timeline.h"
#include "sim/hw/faults.h"
#include "sim/hw/scatter_list.h"

namespace nsim::hw {

struct NeuronLinkParams {
  explicit NeuronLinkParams(ParamScope scope);  // [neuron_link]
  std::string topology;                         // "none", "line", "ring", "torus", "switch"
  std::int64_t columns;                         // of a torus
  std::int64_t bandwidth;                       // of one link, per direction
  SimTime latency;                              // of one link, one way
};

class NeuronLink : public sc_core::sc_module {
 public:
  /// Throws UserError when `devices` do not make the topology.
  NeuronLink(sc_core::sc_module_name name, const NeuronLinkParams& params, int devices,
             Faults* faults = nullptr);

  /// From and to the fabrics of the devices, in their order.
  tlm_utils::multi_passthrough_target_socket<NeuronLink> in{"in"};
  tlm_utils::multi_passthrough_initiator_socket<NeuronLink> out{"out"};

  /// Links between two devices, 0 for a device and itself.
  int hops(int from, int to) const { return static_cast<int>(route(from, to).size()); }
  /// A message that leaves now; returns when it arrives.
  SimTime send(int from, int to, std::int64_t bytes);

  void report(StatsScope stats) const;

 private:
  struct Pipe {
    std::string name;
    int from = 0;
    int to = 0;
    Timeline time;
    std::int64_t bytes = 0;
  };

  void build_routes();
  int next_hop(int from, int to) const;
  std::size_t pipe(int from, int to);
  const std::vector<std::size_t>& route(int from, int to) const {
    return routes_[static_cast<std::size_t>(from * devices_ + to)];
  }
  void b_transport(int from, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  /// Takes the pipes of a route from now on; returns when the last one has let all through,
  /// less latencies.
  SimTime cross(const std::vector<std::size_t>& route, std::int64_t bytes);

  const NeuronLinkParams params_;
  const int devices_;
  Faults* const faults_;
  std::vector<Pipe> pipes_;
  std::vector<std::vector<std::size_t>> routes_;  // from * devices_ + to
};

}  // namespace nsim::hw
