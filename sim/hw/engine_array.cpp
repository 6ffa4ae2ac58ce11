// SPDX-License-Identifier: Apache-2.0
// The Tensor engine's array: passes of tiles, weights, and the limit of its use.
#include <algorithm>

#include "sim/hw/engine.h"
#include "sim/hw/time.h"
#include "sim/isa/matmul_shape.h"

namespace nsim::hw {
namespace {

bool same_operand(const isa::Operand& a, const isa::Operand& b) {
  const auto same_dim = [](const isa::StreamDim& x, const isa::StreamDim& y) {
    return x.step == y.step && x.count == y.count;
  };
  return a.space == b.space && a.dtype == b.dtype && a.partition == b.partition &&
         a.partitions == b.partitions && a.offset == b.offset && a.dims == b.dims &&
         std::equal(a.dim.begin(), a.dim.begin() + a.dims, b.dim.begin(), same_dim);
}

}  // namespace

/// Tiles that have nothing of the array in common run side by side; what limits them is that the
/// sequencer issues one at a time.
SimTime Engine::array_free(isa::ArrayGroups groups) const {
  if (groups == isa::kWholeArray) {
    return free_at_;
  }
  SimTime free = std::max(whole_free_, tile_issue_);
  for (std::size_t g = 0; g < group_free_.size(); ++g) {
    free = (groups >> g & 1) != 0 ? std::max(free, group_free_[g]) : free;
  }
  return free;
}

/// Weights, then the rows, at the rate the throttle allows. Both go down the same pipeline: the
/// rows follow the last weight, not its arrival in the array. Returns what the throttle adds.
SimTime Engine::begin_pass(const Turn& turn) {
  const isa::ArrayGroups groups = turn.needs.groups;
  const SimTime ready = std::max(now(), array_free(groups));
  SimTime throttled = 0;
  if (throttle_.on()) {
    const bool limited = throttle_.limits(ready);
    const double rate = limited ? parts_.costs.tensor.throttle.rate : 1;
    times_ = limited ? turn.needs.throttled : turn.needs.times;
    throttled = limited ? turn.needs.throttled_by : 0;
    if (rate_shown_ != 100 * rate) {
      rate_shown_ = 100 * rate;
      activity_.rate(rate_shown_, throttle_.since());
    }
  }
  begun_ = std::max(ready, now() + weight_time(turn.instruction));
  causes_.array(turn.instruction, ready, begun_);
  if (begun_ > ready) {
    activity_.load_weights(turn.instruction, ready, begun_ + times_.load_rest);
  }
  throttle_.work(ready, begun_ + turn.needs.times.latency);
  const SimTime end = begun_ + times_.interval;
  if (groups == isa::kWholeArray) {
    whole_free_ = end;
  } else {
    tile_issue_ = begun_ + clock_.duration(parts_.costs.min_interval);
    for (std::size_t g = 0; g < group_free_.size(); ++g) {
      group_free_[g] = (groups >> g & 1) != 0 ? end : group_free_[g];
    }
  }
  return throttled;
}

/// Until the last weight of `instruction` is on its way to the array's shadow copy, hidden behind
/// the pass under way or not. Weights are only used again when no wait lies between the two
/// instructions: whoever overwrites them must wait for the first one, and the second one must then
/// wait for the writer.
SimTime Engine::weight_time(const isa::StreamInstruction& instruction) {
  const isa::Operand* loaded = weights_;
  weights_ = nullptr;
  if (!isa::is_matmul(instruction.opcode)) {
    return times_.load;
  }
  ++matmuls_;
  if (instruction.pattern[0] != 0 || instruction.operand0.operand.present()) {
    return times_.load;  // a tile may move to other columns, sparse weights depend on their tags
  }
  weights_ = &instruction.src[0];
  const bool again =
      parts_.reuse_weights && loaded != nullptr && same_operand(*loaded, instruction.src[0]);
  return again ? 0 : times_.load;
}

}  // namespace nsim::hw
