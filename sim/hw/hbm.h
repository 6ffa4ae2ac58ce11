// SPDX-License-Identifier: Apache-2.0
// One HBM stack: storage, and a timing model (hbm_timing.h) chosen by name ([hbm] model).
//
// Storage is one host mapping of the whole stack without reserved swap: pages appear when they are
// first written, and the pointer a client gets for a tensor points into it.
#pragma once

#include <tlm_utils/multi_passthrough_target_socket.h>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <systemc>
#include <tlm>

#include "sim/base/params.h"
#include "sim/base/stats.h"
#include "sim/hw/faults.h"
#include "sim/hw/hbm_banked.h"
#include "sim/hw/hbm_timing.h"

namespace nsim::hw {

struct HbmParams {
  explicit HbmParams(ParamScope scope);  // [hbm]
  std::int64_t stacks;                   // of a device
  std::int64_t capacity;                 // of one stack
  std::int64_t stride;                   // between the addresses of two stacks
  std::int64_t reserved;                 // firmware's part at the start of a stack
  std::string model;                     // "bandwidth", "banked"
  std::int64_t bandwidth;                // of one stack
  SimTime latency;
  bool turnaround;
  HbmBusParams bus;
  HbmBankedParams banked;
};

class Hbm : public sc_core::sc_module {
 public:
  Hbm(sc_core::sc_module_name name, const HbmParams& params, std::uint64_t base,
      Faults* faults = nullptr);
  ~Hbm() override;

  tlm_utils::multi_passthrough_target_socket<Hbm> in{"in"};

  std::uint64_t base() const { return base_; }
  std::byte* storage() const { return storage_; }
  /// The place of `bytes` at a device-visible address, nullptr when not wholly in this stack.
  std::byte* pointer(std::uint64_t address, std::uint64_t bytes) const;

  void report(StatsScope stats) const;

 private:
  void b_transport(int id, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  /// Of a packet that this stack serves: they delay its data by taking the stack, not by their own
  /// latency, because rings are fetched ahead.
  void fetch_descriptors(std::int64_t bytes);
  /// The fault that the transaction meets.
  DeviceError fault(const ScatterList& list, const Segment& whole);

  const HbmParams params_;
  const std::uint64_t base_;
  std::byte* storage_ = nullptr;
  std::unique_ptr<HbmTiming> timing_;
  Faults* const faults_;
  std::int64_t read_bytes_ = 0;
  std::int64_t write_bytes_ = 0;
  std::int64_t descriptor_bytes_ = 0;
};

}  // namespace nsim::hw
