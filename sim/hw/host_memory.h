// SPDX-License-Identifier: Apache-2.0
// Simulated host memory: the process's own, at kHostWindow | pointer. Rings, binding tables and the
// buffers of copies live there; a bad address is the driver's fault and never comes from outside.
#pragma once

#include <tlm_utils/multi_passthrough_target_socket.h>
#include <systemc>
#include <tlm>

namespace nsim::hw {

class HostMemory : public sc_core::sc_module {
 public:
  explicit HostMemory(sc_core::sc_module_name name);

  tlm_utils::multi_passthrough_target_socket<HostMemory> in{"in"};

 private:
  void b_transport(int id, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
};

}  // namespace nsim::hw
