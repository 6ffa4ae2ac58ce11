// SPDX-License-Identifier: Apache-2.0
// Why things happened when they did: moments of one request at which somebody could go on, each
// with the moment it had waited for last. Walked backwards from the end, they are its critical
// path.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/hw/request_path.h"
#include "sim/isa/stream.h"

namespace nsim::hw {

/// Names a moment; 0: none.
using MomentId = std::uint32_t;

/// What the time between a moment and its cause was spent on.
struct Moment {
  SimTime at = 0;
  MomentId cause = 0;
  PathKind kind = PathKind::Queue;
  std::int16_t core = -1;
  SimTime throttled = 0;  // the last part of it: what the utilisation limit added
  const isa::StreamInstruction* instruction = nullptr;
  const char* queue = "";
};

/// Of one unit and what it drives. Simulation thread.
class Moments {
 public:
  /// Forgets all; `at` is the first one.
  MomentId begin(SimTime at);
  /// Not before its cause.
  MomentId add(const Moment& moment);
  SimTime at(MomentId id) const { return moments_[id - 1].at; }

  /// The last one that is not after `until`; 0 when there is none.
  MomentId latest(SimTime until) const;

  /// From the first moment to `last`, without segments of no length.
  std::vector<PathSegment> path_to(MomentId last, const isa::Streams* streams) const;

 private:
  std::vector<Moment> moments_;
};

}  // namespace nsim::hw
