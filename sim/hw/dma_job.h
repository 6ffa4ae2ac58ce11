// SPDX-License-Identifier: Apache-2.0
// What lies in a DMA ring: a job, the share of one transfer that one engine moves, and the packets
// it is moved in.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "sim/base/trace.h"
#include "sim/base/units.h"
#include "sim/hw/request.h"
#include "sim/hw/scatter_list.h"
#include "sim/numerics/combine.h"
#include "sim/numerics/dtype.h"

namespace nsim::hw {

/// Descriptors of one packet. Bytes are read in the order of `read`, changed, and written in the
/// order of `write`.
struct DmaPacket {
  std::vector<Segment> read;  // empty: nothing is read (fill, or a semaphore write alone)
  std::vector<Segment> write;
  std::int64_t read_bytes = 0;
  std::int64_t write_bytes = 0;
  std::int64_t descriptors = 0;
  double rate_factor = 1;                 // of the engine's rate (DMA transpose)
  bool last = false;                      // of the job
  DeviceError error = DeviceError::None;  // the engine aborts here instead of moving anything

  // The change.
  num::Dtype from = num::Dtype::Uint8;
  num::Dtype to = num::Dtype::Uint8;
  num::Dtype second = num::Dtype::Uint8;  // of the second source
  std::int64_t sum_of =
      0;  // > 0: so many elements are read, then as many of a second source to add
  // > 0: the second source lies in another memory; its segments are those of `read` from here on.
  std::size_t apart = 0;
  std::int64_t transpose_rows = 0;  // > 0: `rows` x n elements are read, n x `rows` written
  std::uint8_t fill = 0;            // written when nothing is read
  // > 0: every row of `read` is one of so many sources, anywhere, which are combined to one.
  std::int64_t combined_sources = 0;
  num::ElementType element = num::ElementType::Uint8;
  num::CombineOp combine = num::CombineOp::Add;

  void clear();
};

/// What a packet may hold. One descriptor always fits.
struct PacketLimits {
  std::int64_t descriptors = 1;
  std::int64_t bytes = INT64_MAX;
};

/// Where a packet is shown in a timeline.
struct DmaLabel {
  Trace* trace = nullptr;
  const char* queue = "";
  std::uint64_t flow = 0;
  std::string_view line = {};  // of the program, or its operator
};

/// Simulation thread.
class DmaJob {
 public:
  virtual ~DmaJob() = default;
  /// The next packet, within `limits`, of descriptors of at most kMaxDescriptorBytes.
  virtual void next_packet(DmaPacket& packet, const PacketLimits& limits) = 0;
  /// The host wrote its descriptors into HBM when the program was loaded.
  virtual bool host_built() const { return false; }
  /// Packets of a higher class are moved first.
  virtual int qos() const { return 0; }
  /// Whose work it is.
  virtual Origin origin() const { return {}; }
  /// The engine is through with the job, but nobody will ever hear of it: a fault. No done()
  /// follows.
  virtual void hung() {}
  /// A packet left the engine at `end`, after it had waited for memory for so long.
  virtual void packet_moved(SimTime /*end*/, SimTime /*waited*/) {}
  /// Called once, when the write of the last packet was acknowledged or the engine gave up. The job
  /// may be destroyed in it.
  virtual void done(DeviceError error) = 0;
  virtual DmaLabel label() const = 0;
  /// False: bytes are only counted (numerics off).
  virtual bool moves_data() const = 0;

  /// 16-bit length field of a descriptor, 0 means 64 KiB (aws-neuron-driver, udma).
  static constexpr std::int64_t kMaxDescriptorBytes = 64 * 1024;
};

}  // namespace nsim::hw
