// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/host_memory.h"

#include "sim/hw/request.h"
#include "sim/hw/scatter_list.h"

namespace nsim::hw {

HostMemory::HostMemory(sc_core::sc_module_name name) : sc_module(name) {
  in.register_b_transport(this, &HostMemory::b_transport);
}

void HostMemory::b_transport(int, tlm::tlm_generic_payload& payload, sc_core::sc_time&) {
  if (payload.get_data_ptr() != nullptr) {
    move_rows(payload, payload.get_extension<ScatterList>(),
              [](std::uint64_t address, std::uint64_t) {
                return reinterpret_cast<std::byte*>(address & ~kHostWindow);
              });
  }
  payload.set_response_status(tlm::TLM_OK_RESPONSE);
}

}  // namespace nsim::hw
