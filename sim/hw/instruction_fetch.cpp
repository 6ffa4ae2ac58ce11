// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/instruction_fetch.h"

#include <algorithm>

namespace nsim::hw {

// Nothing of this is published but that DMA rings feed the sequencers (aws-neuron-driver): assumed
// are one DMA round trip to HBM, 64-byte instructions, and a buffer that hides the round trip for
// the shortest instructions.
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
                      "Rate of the DMA ring that feeds a sequencer")) {}

InstructionFetch::InstructionFetch(const FetchParams& params)
    : params_(params),
      burst_(static_cast<std::size_t>(
          std::max<std::int64_t>(1, params.burst_bytes / params.instruction_bytes))),
      burst_time_(
          transfer_time(static_cast<std::int64_t>(burst_) * params.instruction_bytes, params.rate)),
      arrivals_(static_cast<std::size_t>(
          std::max<std::int64_t>(1, params.buffer_bytes / params.burst_bytes))) {}

void InstructionFetch::start(std::size_t count, SimTime first) {
  count_ = count;
  requested_ = next_request_ = next_open_ = end_ = 0;
  last_arrival_ = first - burst_time_;
  for (std::size_t i = 0; i < arrivals_.size(); ++i) {
    request(first);
  }
}

void InstructionFetch::open_next() {
  available_ = arrivals_[next_open_];
  next_open_ = next_open_ + 1 == arrivals_.size() ? 0 : next_open_ + 1;
  end_ = std::min(count_, end_ + burst_);
}

void InstructionFetch::request(SimTime arrival) {
  const std::size_t fetched = std::min(burst_, count_ - requested_);
  requested_ += fetched;
  bytes_ += static_cast<std::int64_t>(fetched) * params_.instruction_bytes;
  last_arrival_ = std::max(arrival, last_arrival_ + burst_time_);
  arrivals_[next_request_] = last_arrival_;
  next_request_ = next_request_ + 1 == arrivals_.size() ? 0 : next_request_ + 1;
}

}  // namespace nsim::hw
