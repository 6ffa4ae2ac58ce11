// SPDX-License-Identifier: Apache-2.0
// The random number generators of an engine, one set per lane, which outlive the instruction, and
// the instructions that use them.
//
// XORWOW is the generator of NeuronCore-v4: four states of six words per lane. Which shift register
// earlier generations have is not published; here they have the same.
#pragma once

#include <array>
#include <cstdint>

#include "sim/numerics/ops.h"

namespace nsim::num {

inline constexpr std::int64_t kLanes = 128;

/// The generators of one lane, used in turn.
class LaneRandom {
 public:
  static constexpr std::size_t kStates = 4;
  static constexpr std::size_t kWords = 6;
  using State = std::array<std::uint32_t, kStates * kWords>;

  void seed(std::uint64_t seed);
  std::uint32_t next();
  /// Uniform in [0, 1): the upper 24 bits of a word.
  float uniform();

  /// State after state; the next word comes from the first.
  const State& state() const { return state_; }
  void set_state(const State& state);

 private:
  State state_{};
  std::size_t turn_ = 0;
};

struct Lanes {
  Lanes();  // as after a set_rng_seed with 0

  std::array<LaneRandom, kLanes> random;
};

/// These use the generators of lane `first`, `first + 1`, ...: those of the operand's partitions.
void set_rng_seed(Lanes& lanes, std::int64_t first, const View& seeds);
void rand_set_state(Lanes& lanes, std::int64_t first, const View& states);
void rand_get_state(const Lanes& lanes, std::int64_t first, const View& dst);
/// Random bits in every element, an integer.
void rng(Lanes& lanes, std::int64_t first, const View& dst);
/// Uniform in [min, max).
void rand2(Lanes& lanes, std::int64_t first, const View& dst, const Scalar& min, const Scalar& max);
/// data, or zero with probability `probability`. What stays is not scaled.
void dropout(Lanes& lanes, std::int64_t first, const View& dst, const View& data,
             const Scalar& probability);

}  // namespace nsim::num
