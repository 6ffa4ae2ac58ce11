// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/instruction_fetch.h"

#include <algorithm>

namespace nsim::hw {

// Nothing of this is published but that DMA rings feed the sequencers (aws-neuron-driver): assumed
// are one DMA round trip to HBM, 64-byte instructions, a buffer that hides the round trip for the
// shortest instructions, and that a loop which fits stays in it.
FetchParams::FetchParams(const ParamScope& scope)
    : latency(scope.duration("fetch_latency", "1us", "0ns", "1ms",
                             "From the request of instructions until they can issue; also from the "
                             "start of an execution until its first ones do")),
      instruction_bytes(
          scope.bytes("fetch_instruction", "64B", "1B", "4KiB", "Bytes of an instruction in HBM")),
      burst_bytes(scope.bytes("fetch_burst", "4KiB", "1B", "1MiB",
                              "Bytes of instructions fetched at once")),
      buffer_bytes(scope.bytes("fetch_buffer", "16KiB", "1B", "16MiB",
                               "Bytes of instructions that an engine's sequencer holds")),
      rate(scope.rate("fetch_rate", "17GB/s", "1MB/s", "100TB/s",
                      "Rate of the DMA ring that feeds a sequencer")),
      keeps_loops(
          scope.flag("fetch_keeps_loops", true,
                     "The code of a dynamic loop that fits the buffer is fetched once; else "
                     "again for every iteration")) {}

InstructionFetch::InstructionFetch(const FetchParams& params)
    : params_(params),
      burst_(std::max<std::int64_t>(1, params.burst_bytes / params.instruction_bytes)),
      burst_time_(transfer_time(burst_ * params.instruction_bytes, params.rate)),
      arrivals_(static_cast<std::size_t>(
          std::max<std::int64_t>(1, params.buffer_bytes / params.burst_bytes))) {}

void InstructionFetch::start(std::int64_t count, SimTime first) {
  count_ = count;
  next_ = 0;
  held_ = 0;
  fetch_from(0, first);
}

void InstructionFetch::step(const CodeStep& step, SimTime at) {
  const SimTime arrival = at + params_.latency;
  switch (step.kind) {
    case CodeStep::Kind::Next:
      return;
    case CodeStep::Kind::Enter: {
      const std::int64_t last = next_ + step.distance - 1;
      const bool fits = last / burst_ - next_ / burst_ < capacity();
      held_ += held_ > 0 || (params_.keeps_loops && fits) ? 1 : 0;
      return;
    }
    case CodeStep::Kind::Back:
      next_ -= step.distance;
      end_ = 0;
      if (held_ == 0) {
        fetch_from(next_ / burst_, arrival);
      }
      return;
    case CodeStep::Kind::Leave:
      if (held_ == 0 || --held_ > 0) {
        return;
      }
      while (requested_ < next_ / burst_ + capacity()) {
        request(arrival);  // the room of what has been left behind
      }
      return;
  }
}

void InstructionFetch::fetch_from(std::int64_t burst, SimTime first) {
  requested_ = burst;
  end_ = 0;
  last_arrival_ = first - burst_time_;
  for (std::int64_t i = 0; i < capacity(); ++i) {
    request(first);
  }
}

void InstructionFetch::open() {
  const std::int64_t burst = next_ / burst_;
  available_ = arrivals_[static_cast<std::size_t>(burst % capacity())];
  end_ = std::min(count_, (burst + 1) * burst_);
}

void InstructionFetch::request(SimTime arrival) {
  const std::int64_t fetched = std::clamp<std::int64_t>(count_ - requested_ * burst_, 0, burst_);
  bytes_ += fetched * params_.instruction_bytes;
  last_arrival_ = std::max(arrival, last_arrival_ + burst_time_);
  arrivals_[static_cast<std::size_t>(requested_ % capacity())] = last_arrival_;
  ++requested_;
}

}  // namespace nsim::hw
