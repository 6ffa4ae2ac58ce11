// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/core_window.h"

#include "sim/hw/address_map.h"
#include "sim/hw/scatter_list.h"
#include "sim/hw/time.h"

namespace nsim::hw {

// SBUF's port for the DMA engines is not published: assumed wide enough for all of them.
CoreWindowParams::CoreWindowParams(ParamScope scope)
    : latency(scope.duration("latency", "25ns", "0ns", "100us",
                             "From a DMA request at the core to SBUF's answer")) {}

CoreWindow::CoreWindow(sc_core::sc_module_name name, const CoreWindowParams& params,
                       std::uint64_t base, Sbuf& sbuf, Faults* faults)
    : sc_module(name), params_(params), base_(base), sbuf_(sbuf), faults_(faults) {
  in.register_b_transport(this, &CoreWindow::b_transport);
}

void CoreWindow::b_transport(int, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  ScatterList* list = payload.get_extension<ScatterList>();
  if (Faults::active(faults_) && list != nullptr &&
      faults_->strikes(FaultPoint::SbufParity,
                       {list->origin, list->phase, list->segments.data(), list->segments.size()})) {
    list->error = info(FaultPoint::SbufParity).error;
    payload.set_response_status(tlm::TLM_GENERIC_ERROR_RESPONSE);
    return;
  }
  const auto place = [this](std::uint64_t address, std::uint64_t) {
    const std::uint64_t offset = address - base_;
    return sbuf_.storage() +
           (offset / AddressMap::kPartitionStride) *
               static_cast<std::uint64_t>(sbuf_.partition_stride()) +
           offset % AddressMap::kPartitionStride;
  };
  if (payload.get_data_ptr() != nullptr && sbuf_.storage() != nullptr) {
    move_rows(payload, list, place);  // the fabric has checked the addresses
  }
  (payload.is_read() ? read_bytes_ : write_bytes_) += payload.get_data_length();
  delay += to_sc(params_.latency);
  if (list != nullptr) {
    list->pipelined += params_.latency;
  }
  payload.set_response_status(tlm::TLM_OK_RESPONSE);
}

void CoreWindow::report(StatsScope stats) const {
  stats.add("read_bytes", static_cast<double>(read_bytes_), "B", "Bytes the DMA engines read");
  stats.add("write_bytes", static_cast<double>(write_bytes_), "B", "Bytes the DMA engines wrote");
}

}  // namespace nsim::hw
