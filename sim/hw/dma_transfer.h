// SPDX-License-Identifier: Apache-2.0
// A DMA transfer on its way from the engine that triggers it to the DMA engines that move it.
//
// Data flow: an engine's sequencer issues a dma instruction -> DmaTransfer -> DmaFrontEnd::submit
// (descriptor generation: host-built, software or hardware) -> descriptors on one ring of each DMA
// engine of the core -> packets through the fabric -> the engines add 16 to the semaphore in all ->
// transfer done.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "sim/hw/moments.h"
#include "sim/hw/request.h"
#include "sim/isa/stream.h"

namespace nsim {
class Trace;
}

namespace nsim::hw {

/// Is told whenever a DMA instruction's descriptors are generated.
class DescriptorListener {
 public:
  virtual ~DescriptorListener() = default;
  /// False: that could not be noted, and the execution fails.
  virtual bool descriptors_generated() = 0;
};

/// State of one program execution on one physical core that its instructions and transfers share.
struct ExecutionContext {
  const isa::Streams* streams = nullptr;
  const std::vector<std::uint64_t>* bindings = nullptr;  // device address of every tensor
  Trace* trace = nullptr;                                // device trace of the model
  std::uint64_t flow = 0;                                // of the request
  std::uint64_t execution = 0;  // increases; late events of an aborted one are dropped
  Origin origin;                // the request
  DescriptorListener* descriptors = nullptr;  // may be absent
  Moments* moments = nullptr;                 // nullptr: nobody asks why
  MomentId launched = 0;                      // the unit started it
};

/// Implemented by NeuronCore: where DMA results are reported. Simulation thread.
class DmaListener {
 public:
  virtual ~DmaListener() = default;
  /// One of 16 steps of a transfer (the part of one of 16 engines): the semaphores named by the
  /// issue get +1. `arrived`: the moment, where moments are recorded.
  virtual void dma_part_done(const isa::Issue& issue, std::uint64_t execution,
                             MomentId arrived) = 0;
  /// The whole transfer finished.
  virtual void dma_done(const isa::Issue& issue, std::uint64_t execution, MomentId arrived) = 0;
  virtual void dma_error(DeviceError error, std::uint64_t execution) = 0;
};

struct DmaTransfer {
  const isa::Issue* issue = nullptr;
  const isa::StreamInstruction* instruction = nullptr;  // of the issue
  const ExecutionContext* context =
      nullptr;  // valid until the execution ended and all its transfers are done
  DmaListener* listener = nullptr;
  MomentId issued = 0;
  // Bytes by which destination and source begin later, as registers say.
  std::int64_t dst_moved = 0;
  std::int64_t src_moved = 0;
  bool leads_out = false;  // of a tensor or buffer: nothing is moved, or the execution ends
};

/// What an engine sees of descriptor generation and the DMA engines of its core.
class DmaFrontEnd {
 public:
  virtual ~DmaFrontEnd() = default;
  /// Takes the transfer at the current simulated time. Never refuses: rings apply back pressure in
  /// time.
  virtual void submit(const DmaTransfer& transfer) = 0;
  /// Drops everything of `execution` that has not started; what is under way ends silently.
  virtual void abort(std::uint64_t execution) = 0;
};

}  // namespace nsim::hw
