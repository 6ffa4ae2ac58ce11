// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/fabric.h"

#include "sim/hw/scatter_list.h"
#include "sim/hw/time.h"

namespace nsim::hw {

FabricParams::FabricParams(ParamScope scope)
    : latency(scope.duration("latency", "25ns", "0ns", "100us",
                             "One way between a DMA engine and memory next to it")),
      remote_latency(scope.duration("remote_latency", "100ns", "0ns", "100us",
                                    "One way to the HBM or SBUF next to another stack")) {}

Fabric::Fabric(sc_core::sc_module_name name, const FabricParams& params, const AddressMap& map,
               int device)
    : sc_module(name), params_(params), map_(map), device_(device) {
  in.register_b_transport(this, &Fabric::b_transport);
}

void Fabric::b_transport(int, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  ScatterList* list = payload.get_extension<ScatterList>();
  const bool one = list == nullptr || list->segments.empty();
  const Location location =
      map_.locate(payload.get_address(), one ? payload.get_data_length() : list->segments[0].bytes);
  const int target = route(location);
  if (target < 0) {
    payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
    return;
  }
  if (location.region != Region::Host) {
    const bool near =
        location.device == device_ && (list == nullptr || list->home == home(location));
    const SimTime way = near ? params_.latency : params_.remote_latency;
    // A read goes there and back; a write is posted.
    const SimTime latency = payload.is_read() ? 2 * way : way;
    delay += to_sc(latency);
    if (list != nullptr) {
      list->pipelined += latency;
    }
  }
  out[static_cast<unsigned>(target)]->b_transport(payload, delay);
}

int Fabric::route(const Location& location) {
  const AddressMap::Layout& layout = map_.layout();
  switch (location.region) {
    case Region::Hbm:
      return location.device == device_ ? location.index : links();
    case Region::Sbuf:
      return location.device == device_ ? layout.stacks + location.index : links();
    case Region::Host:
      return layout.stacks + layout.cores;
    case Region::Registers:
    case Region::None:
      break;
  }
  return -1;
}

int Fabric::links() {
  const int index = map_.layout().stacks + map_.layout().cores + 1;
  return index < static_cast<int>(out.size()) ? index : -1;
}

int Fabric::home(const Location& location) const {
  const AddressMap::Layout& layout = map_.layout();
  return location.region == Region::Sbuf ? location.index * layout.stacks / layout.cores
                                         : location.index;
}

}  // namespace nsim::hw
