// SPDX-License-Identifier: Apache-2.0
#include "sim/base/random.h"

#include <cmath>

#include "sim/base/error.h"
#include "sim/base/units.h"

namespace nsim {
namespace {

// FNV-1a, 64 bit.
std::uint64_t hash(std::string_view text) {
  std::uint64_t value = 0xcbf29ce484222325u;
  for (const char c : text) {
    value = (value ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  }
  return value;
}

// Steele, Lea, Flood: "Fast splittable pseudorandom number generators"; constants of Vigna's
// splitmix64.c.
std::uint64_t splitmix64(std::uint64_t& state) {
  state += 0x9e3779b97f4a7c15u;
  std::uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

std::uint64_t rotate_left(std::uint64_t x, int bits) {
  return (x << bits) | (x >> (64 - bits));
}

constexpr double kTwoPi = 6.283185307179586476925286766559;

}  // namespace

RandomStream::RandomStream(std::uint64_t seed, std::string_view name) {
  // The seed is mixed before the name comes in, so that near seeds and near names stay unrelated.
  std::uint64_t mixed = splitmix64(seed) ^ hash(name);
  for (std::uint64_t& word : state_) {
    word = splitmix64(mixed);
  }
}

// Blackman, Vigna: xoshiro256** 1.0.
std::uint64_t RandomStream::next() {
  const std::uint64_t result = rotate_left(state_[1] * 5, 7) * 9;
  const std::uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = rotate_left(state_[3], 45);
  return result;
}

double RandomStream::uniform() {
  return static_cast<double>(next() >> 11) * 0x1p-53;
}

double RandomStream::normal() {
  if (has_spare_) {
    has_spare_ = false;
    return spare_;
  }
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));  // never log(0)
  const double angle = kTwoPi * uniform();
  spare_ = radius * std::sin(angle);
  has_spare_ = true;
  return radius * std::cos(angle);
}

std::uint64_t RandomStream::below(std::uint64_t bound) {
  if (bound == 0) {
    throw InternalError("RandomStream::below(0) has no result");
  }
  // Lemire: the high half of a 128-bit product, rejecting the few low halves that would bias it.
  const std::uint64_t reject_below = (0 - bound) % bound;
  while (true) {
    const auto product = static_cast<UInt128>(next()) * bound;
    if (static_cast<std::uint64_t>(product) >= reject_below) {
      return static_cast<std::uint64_t>(product >> 64);
    }
  }
}

}  // namespace nsim
