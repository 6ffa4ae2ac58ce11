// SPDX-License-Identifier: Apache-2.0
#include "sim/numerics/lanes.h"

#include <algorithm>

#include "sim/base/random.h"
#include "sim/numerics/rows.h"

namespace nsim::num {
namespace {

// Marsaglia, "Xorshift RNGs" (2003), section 3.1: xorwow and the step of its counter.
constexpr std::uint32_t kCounterStep = 362437;

std::uint32_t xorwow(std::uint32_t* state) {
  const std::uint32_t old = state[0] ^ (state[0] >> 2);
  std::copy(state + 1, state + 5, state);
  state[4] = (state[4] ^ (state[4] << 4)) ^ (old ^ (old << 1));
  state[5] += kCounterStep;
  return state[4] + state[5];
}

/// Equal seeds of two lanes give different numbers.
std::uint64_t seed_of(std::int64_t lane, std::uint64_t seed) {
  return seed << 8 | static_cast<std::uint64_t>(lane);
}

LaneRandom& lane(Lanes& lanes, std::int64_t index) {
  return lanes.random.at(static_cast<std::size_t>(index));
}

}  // namespace

void LaneRandom::seed(std::uint64_t seed) {
  RandomStream words(seed, "lane");
  State made;
  std::generate(made.begin(), made.end(),
                [&] { return static_cast<std::uint32_t>(words.next() >> 32); });
  set_state(made);
}

std::uint32_t LaneRandom::next() {
  std::uint32_t* state = state_.data() + turn_ * kWords;
  turn_ = (turn_ + 1) % kStates;
  return xorwow(state);
}

float LaneRandom::uniform() {
  return static_cast<float>(next() >> 8) * 0x1p-24F;
}

void LaneRandom::set_state(const State& state) {
  state_ = state;
  turn_ = 0;
}

Lanes::Lanes() {
  for (std::int64_t i = 0; i < kLanes; ++i) {
    lane(*this, i).seed(seed_of(i, 0));
  }
}

void set_rng_seed(Lanes& lanes, std::int64_t first, const View& seeds) {
  const Rows from(seeds);
  for (std::int64_t p = 0; p < from.partitions(); ++p) {
    std::int64_t seed = 0;
    from.read(p, &seed);
    lane(lanes, first + p).seed(seed_of(first + p, static_cast<std::uint64_t>(seed)));
  }
}

void rand_set_state(Lanes& lanes, std::int64_t first, const View& states) {
  const Rows from(states);
  for (std::int64_t p = 0; p < from.partitions(); ++p) {
    LaneRandom::State state;
    from.read(p, state.data());
    lane(lanes, first + p).set_state(state);
  }
}

void rand_get_state(const Lanes& lanes, std::int64_t first, const View& dst) {
  const Rows to(dst);
  for (std::int64_t p = 0; p < to.partitions(); ++p) {
    to.write(p, lanes.random.at(static_cast<std::size_t>(first + p)).state().data());
  }
}

void rng(Lanes& lanes, std::int64_t first, const View& dst) {
  const Rows to(dst);
  std::uint32_t* row = scratch<std::uint32_t>(0, to.elements());
  for (std::int64_t p = 0; p < to.partitions(); ++p) {
    LaneRandom& random = lane(lanes, first + p);
    std::generate_n(row, to.elements(), [&] { return random.next(); });
    to.write(p, row);
  }
}

void rand2(Lanes& lanes, std::int64_t first, const View& dst, const Scalar& min,
           const Scalar& max) {
  const Rows to(dst);
  float* row = scratch<float>(0, to.elements());
  for (std::int64_t p = 0; p < to.partitions(); ++p) {
    LaneRandom& random = lane(lanes, first + p);
    const float low = scalar_value<float>(min, p);
    const float width = scalar_value<float>(max, p) - low;
    std::generate_n(row, to.elements(), [&] { return low + width * random.uniform(); });
    to.write(p, row);
  }
}

void dropout(Lanes& lanes, std::int64_t first, const View& dst, const View& data,
             const Scalar& probability) {
  const Rows to(dst);
  const Rows from(data);
  float* row = scratch<float>(0, to.elements());
  for (std::int64_t p = 0; p < to.partitions(); ++p) {
    LaneRandom& random = lane(lanes, first + p);
    const float threshold = scalar_value<float>(probability, p);
    from.read(p, row);
    for (std::size_t i = 0; i < to.elements(); ++i) {
      row[i] = random.uniform() < threshold ? 0.0F : row[i];
    }
    to.write(p, row);
  }
}

}  // namespace nsim::num
