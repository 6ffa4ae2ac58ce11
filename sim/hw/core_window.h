// SPDX-License-Identifier: Apache-2.0
// The window of a NeuronCore through which the DMA engines reach its SBUF.
#pragma once

#include <tlm_utils/multi_passthrough_target_socket.h>
#include <cstdint>
#include <systemc>
#include <tlm>

#include "sim/base/params.h"
#include "sim/base/stats.h"
#include "sim/hw/faults.h"
#include "sim/hw/sbuf.h"

namespace nsim::hw {

struct CoreWindowParams {
  explicit CoreWindowParams(ParamScope scope);  // [core_window]
  SimTime latency;
};

class CoreWindow : public sc_core::sc_module {
 public:
  /// `base`: the device-visible address of partition 0.
  CoreWindow(sc_core::sc_module_name name, const CoreWindowParams& params, std::uint64_t base,
             Sbuf& sbuf, Faults* faults = nullptr);

  tlm_utils::multi_passthrough_target_socket<CoreWindow> in{"in"};

  void report(StatsScope stats) const;

 private:
  void b_transport(int id, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);

  const CoreWindowParams params_;
  const std::uint64_t base_;
  Sbuf& sbuf_;
  Faults* const faults_;
  std::int64_t read_bytes_ = 0;
  std::int64_t write_bytes_ = 0;
};

}  // namespace nsim::hw
