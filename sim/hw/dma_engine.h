// SPDX-License-Identifier: Apache-2.0
// A DMA engine: moves the packets of its 16 rings, first in first out within a ring, round robin
// between rings of the same class at packet boundaries, those of a higher class first.
//
// A packet takes the engine for the sum over its descriptors of `descriptor_overhead + bytes /
// rate`, or until memory has served it, or as long as its reads, of which only so many may be on
// the way, take to come back, whichever is longest; latencies of memory and fabric overlap with the
// next packet. A job is done when the write of its last packet was acknowledged.
//
// Packets of descriptors that the host built hold at most `packet_bytes`, their descriptors are
// fetched from HBM, and with `write_barrier` the ring (not the engine) rests after every
// `packet_bytes` of writes until they were acknowledged, whichever transfers they belong to: a
// single queue of host-built descriptors is then slower than the engine, by its bytes, not its rows
// or transfers.
#pragma once

#include <tlm_utils/simple_initiator_socket.h>
#include <array>
#include <cstdint>
#include <string>
#include <systemc>
#include <tlm>
#include <vector>

#include "sim/base/params.h"
#include "sim/base/stats.h"
#include "sim/base/waves.h"
#include "sim/hw/dma_activity.h"
#include "sim/hw/dma_job.h"
#include "sim/hw/dma_ring.h"
#include "sim/hw/dma_scheduler.h"
#include "sim/hw/faults.h"

namespace nsim::hw {

struct DmaEngineParams {
  struct Defaults {
    const char* rate;
    std::int64_t packet_descriptors;
  };
  /// [dma_engine] or [host_dma]
  DmaEngineParams(ParamScope scope, const Defaults& defaults);
  std::int64_t rate;            // bytes of a long descriptor
  SimTime descriptor_overhead;  // per descriptor
  SimTime marker;               // a packet without data: the write to a semaphore
  SimTime start_latency;        // from a descriptor in the ring to its first read
  SimTime write_acknowledge;    // from the last write to the update of the semaphore
  std::int64_t packet_descriptors;
  std::int64_t packet_bytes;  // of host-built descriptors
  bool write_barrier;         // after each packet_bytes of host-built descriptors
  std::int64_t reads_in_flight;
  std::int64_t read_bytes;  // of each of them
};

/// What the engines of one core share.
struct DmaShared {
  DmaScheduler& scheduler;
  DmaActivity& activity;
  Faults* faults = nullptr;
};

class DmaEngine : public sc_core::sc_module {
 public:
  static constexpr int kRings = 16;

  /// `home`: the HBM stack the engine is next to, -1 for none. `label` names its row in timelines.
  DmaEngine(sc_core::sc_module_name name, const DmaEngineParams& params, int home,
            std::string label, DmaShared shared);

  tlm_utils::simple_initiator_socket<DmaEngine> out{"out"};

  /// Queues a job, whose descriptors are in the ring from `available` on. Returns when its first
  /// packet could be moved if nothing stood in front of it.
  SimTime push(int ring, DmaJob& job, SimTime available);

  /// For the scheduler: moves the next packet if there is one and the engine is free.
  void serve();

  /// Signals <scope>.depth, jobs on all rings, and <scope>.busy, a packet is moved.
  void watch(Waves& waves, const std::string& scope);

  void report(StatsScope stats) const;

 private:
  void wake_at(SimTime at);
  int next_ring() const;
  SimTime next_available() const;
  void move_packet(int ring);
  void end_job(int ring, SimTime at, DeviceError error);
  /// True: the end of the job, which was moved to its end, is never reported.
  bool hangs();
  /// What memory needs for one side of the packet.
  struct Access {
    SimTime served = 0;   // when memory is through with it
    SimTime latency = 0;  // what comes on top, but overlaps with the next packet
    DeviceError error = DeviceError::None;
  };
  Access access(FaultPhase phase, std::vector<Segment>& segments, std::int64_t bytes,
                unsigned char* data);
  Access read();
  Access read_sources();
  Access read_apart();
  Access write();
  void change_data();
  void add_sources();
  void combine_sources();
  SimTime occupancy() const;
  /// Least time the reads of the packet need, each of which comes back after `latency`.
  SimTime reads_take(SimTime latency) const;
  struct PacketTimes {
    SimTime start = 0;
    SimTime end = 0;
    SimTime first_data = 0;  // came back from memory
    SimTime last_data = 0;   // arrived where it is written
  };
  void trace_packet(const DmaLabel& label, const PacketTimes& times);

  const DmaEngineParams params_;
  const std::string label_;
  std::array<DmaRing, kRings> rings_;
  std::uint32_t waiting_ = 0;  // bit r: ring r is not empty
  int last_ring_ = kRings - 1;
  bool classes_ = false;  // jobs of more than one class have come
  SimTime free_at_ = 0;
  DmaShared shared_;
  SimTime wake_ = kNever;        // earliest serve() that is scheduled
  SimTime last_completion_ = 0;  // jobs are done in the order of their last packets

  DmaPacket packet_;  // the one being moved; kept for its memory
  std::vector<unsigned char> buffer_;
  std::vector<unsigned char> changed_;
  tlm::tlm_generic_payload payload_;
  ScatterList* list_;  // owned by payload_

  Trace* trace_ = nullptr;  // the trace `track_` belongs to
  TrackId track_ = 0;

  SimTime busy_ = 0;
  std::int64_t bytes_ = 0;
  std::int64_t descriptors_ = 0;
  std::int64_t packets_ = 0;
  std::int64_t depth_ = 0;  // jobs on all rings
  Wave depth_wave_;
  Wave busy_wave_;
};

}  // namespace nsim::hw
