// SPDX-License-Identifier: Apache-2.0
// A DMA transfer under way and the part of it that one engine moves. Descriptors are the longest
// runs that are contiguous on both sides, at most 64 KiB each, in row-major order of the elements.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/units.h"
#include "sim/hw/dma_job.h"
#include "sim/hw/dma_queues.h"
#include "sim/hw/dma_transfer.h"
#include "sim/hw/dma_walk.h"

namespace nsim::hw {

class Dge;
struct DmaMove;

class DmaPart : public DmaJob {
 public:
  void next_packet(DmaPacket& packet, const PacketLimits& limits) override;
  bool host_built() const override;
  void done(DeviceError error) override;
  DmaLabel label() const override;
  bool moves_data() const override;
  int qos() const override;
  Origin origin() const override;
  void packet_moved(SimTime end, SimTime waited) override;

  DmaMove* move = nullptr;
  std::int64_t position = 0;  // next element, in the order of the destination
  std::int64_t end = 0;
  SimTime ready = 0;       // its descriptors are in the ring
  SimTime begun = kNever;  // its first packet
  SimTime moved = 0;       // its last packet left the engine
  std::int64_t descriptors = 0;
  SimTime memory_waited = 0;  // by its packets together

 private:
  void copy(DmaPacket& packet, const PacketLimits& limits);
  void move_rows(DmaPacket& packet, const PacketLimits& limits);
  void add_destination(DmaPacket& packet, std::int64_t elements);
  void compute(DmaPacket& packet, const PacketLimits& limits);
  void transpose(DmaPacket& packet);
};

/// What the parts of one transfer share. Owned and recycled by Dge.
struct DmaMove {
  enum class Kind : std::uint8_t { Copy, Gather, Scatter, Transpose, Compute };
  static constexpr std::uint64_t kSkipped = ~std::uint64_t{0};

  Dge* owner = nullptr;
  Kind kind = Kind::Copy;
  DmaWalk source;
  DmaWalk second;      // Compute
  bool apart = false;  // of a sum: what is added lies in different memories
  DmaWalk destination;
  /// Gather, Scatter: address offset of each row in its table, or kSkipped.
  std::vector<std::uint64_t> rows;
  std::int64_t row_elements = 0;  // Gather, Scatter: of a row; Transpose: rows of the source
  bool adds = false;              // Gather, Scatter: to what the destination holds
  std::int64_t elements = 0;      // in all
  double rate_factor = 1;
  bool moves_data = false;
  bool host_built = false;
  int qos = 0;
  DeviceError error = DeviceError::None;  // found when descriptors were made, or injected

  const isa::Issue* issue = nullptr;                    // not touched when aborted
  const isa::StreamInstruction* instruction = nullptr;  // the same
  Moments* moments = nullptr;
  MomentId issued = 0;
  DmaListener* listener = nullptr;
  std::uint64_t execution = 0;
  Origin origin;
  bool aborted = false;
  Trace* trace = nullptr;
  std::string label;  // of the instruction; only when it is traced
  DmaQueue* queue = nullptr;
  SimTime submitted = 0;

  std::size_t sharers = 0;  // engines, and parts in use
  int ring = 0;
  int arrived = 0;             // parts that are through
  int delivered = 0;           // of isa::kDmaSignal, what the listener has been told
  std::vector<DmaPart> parts;  // one per engine of the core
};

}  // namespace nsim::hw
