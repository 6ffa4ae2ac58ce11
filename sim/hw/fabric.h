// SPDX-License-Identifier: Apache-2.0
// The on-chip network of a device: routes every transaction by its address to an HBM stack, a
// core's SBUF window, the host link or the links to other devices, and adds the latency of the way.
// Its bandwidth is not published and taken as sufficient; HBM, links and DMA engines limit.
#pragma once

#include <tlm_utils/multi_passthrough_initiator_socket.h>
#include <tlm_utils/multi_passthrough_target_socket.h>
#include <cstdint>
#include <systemc>
#include <tlm>

#include "sim/base/params.h"
#include "sim/hw/address_map.h"

namespace nsim::hw {

struct FabricParams {
  explicit FabricParams(ParamScope scope);  // [fabric]
  SimTime latency;
  SimTime remote_latency;
};

class Fabric : public sc_core::sc_module {
 public:
  Fabric(sc_core::sc_module_name name, const FabricParams& params, const AddressMap& map,
         int device);

  tlm_utils::multi_passthrough_target_socket<Fabric> in{"in"};
  /// In this order: all HBM stacks, all core windows, the host link, the links to other devices if
  /// there are any.
  tlm_utils::multi_passthrough_initiator_socket<Fabric> out{"out"};

 private:
  void b_transport(int id, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  /// Index of the target in `out`, -1: nothing there that this device reaches.
  int route(const Location& location);
  /// Index of the links in `out`, -1: there are none.
  int links();
  /// HBM stack next to the target.
  int home(const Location& location) const;

  const FabricParams params_;
  const AddressMap& map_;
  const int device_;
};

}  // namespace nsim::hw
