// SPDX-License-Identifier: Apache-2.0
// Random streams: each user names its own stream of the one seed, so that a new user changes nobody's draws.
#pragma once

#include <cstdint>
#include <string_view>

namespace nsim {

/// xoshiro256** seeded by splitmix64 from (seed, name). Same numbers on every machine.
class RandomStream {
 public:
  RandomStream(std::uint64_t seed, std::string_view name);
  std::uint64_t next();
  /// Uniform in [0, 1).
  double uniform();
  /// Standard normal (Box-Muller, both values used).
  double normal();
  /// Uniform in [0, bound).
  std::uint64_t below(std::uint64_t bound);

 private:
  std::uint64_t state_[4];
  double spare_ = 0;
  bool has_spare_ = false;
};

}  // namespace nsim
