// SPDX-License-Identifier: Apache-2.0
// The extension of every generic payload between the DMA engines and memory: which rows of memory
// one packet touches. The payload's data is the rows one after the other, or nullptr when only time
// counts (numerics off); its address is that of the first row, its length the sum.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <tlm>
#include <vector>

#include "sim/base/units.h"
#include "sim/hw/fault_points.h"

namespace nsim::hw {

struct Segment {
  std::uint64_t address = 0;
  std::uint64_t bytes = 0;
};

class ScatterList : public tlm::tlm_extension<ScatterList> {
 public:
  /// Rows of the transaction; empty: one row, given by the payload itself.
  std::vector<Segment> segments;
  /// The physical place the transaction starts from: HBM stack index it is close to, -1: the host.
  int home = 0;
  /// Filled in on the way: the part of the delay that overlaps with the initiator's next
  /// transaction.
  SimTime pipelined = 0;
  /// Descriptors that are fetched from HBM beside the data: the first stack on the way serves them.
  std::int64_t descriptor_bytes = 0;
  /// Whose transaction it is, and which phase of its request: for fault points on the way.
  Origin origin;
  FaultPhase phase = FaultPhase::Issue;
  /// Filled in by a target that fails the transaction.
  DeviceError error = DeviceError::None;

  tlm::tlm_extension_base* clone() const override { return new ScatterList(*this); }
  void copy_from(const tlm::tlm_extension_base& other) override {
    *this = static_cast<const ScatterList&>(other);
  }
};

/// Moves the payload's data from or to the rows; `pointer(address, bytes)` is where a row lies, or
/// nullptr. False when a row has no place: then the rows before it are done.
template <class Pointer>
bool move_rows(tlm::tlm_generic_payload& payload, const ScatterList* list, Pointer pointer) {
  std::byte* data = reinterpret_cast<std::byte*>(payload.get_data_ptr());
  const Segment whole{payload.get_address(), payload.get_data_length()};
  const bool one = list == nullptr || list->segments.empty();
  const Segment* first = one ? &whole : list->segments.data();
  const Segment* last = first + (one ? 1 : list->segments.size());
  for (const Segment* segment = first; segment != last; ++segment) {
    std::byte* place = pointer(segment->address, segment->bytes);
    if (place == nullptr) {
      return false;
    }
    if (data != nullptr) {
      if (payload.is_read()) {
        std::memcpy(data, place, segment->bytes);
      } else {
        std::memcpy(place, data, segment->bytes);
      }
      data += segment->bytes;
    }
  }
  return true;
}

}  // namespace nsim::hw
