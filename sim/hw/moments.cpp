// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/moments.h"

#include <algorithm>
#include <array>

namespace nsim::hw {
namespace {

constexpr std::array<const char*, kPathKindCount> kNames{
    "doorbell",   "queue",      "descriptor", "launch",      "start",     "fetch",
    "execute",    "throttle",   "result",     "table",       "weights",   "semaphore",
    "peer",       "bank",       "port",       "descriptors", "dma_queue", "dma_move",
    "dma_memory", "dma_finish", "copy",       "collective",  "failure",   "interrupt"};

PathSegment segment_of(const Moment& moment, const isa::Streams* streams) {
  PathSegment segment;
  segment.to = moment.at;
  segment.kind = moment.kind;
  segment.core = moment.core;
  segment.queue = moment.queue;
  if (moment.instruction != nullptr) {
    segment.has_instruction = true;
    segment.engine = moment.instruction->engine;
    segment.opcode = moment.instruction->opcode;
    segment.line = moment.instruction->line;
    if (streams != nullptr && moment.instruction->label < streams->labels.size()) {
      segment.label = streams->labels[moment.instruction->label];
    }
  }
  return segment;
}

}  // namespace

const char* name(PathKind kind) {
  return kNames[static_cast<std::size_t>(kind)];
}

MomentId Moments::begin(SimTime at) {
  moments_.clear();
  Moment first;
  first.at = at;
  moments_.push_back(first);
  return 1;
}

MomentId Moments::add(const Moment& moment) {
  moments_.push_back(moment);
  return static_cast<MomentId>(moments_.size());
}

MomentId Moments::latest(SimTime until) const {
  MomentId found = 0;
  for (MomentId id = 1; id <= moments_.size(); ++id) {
    if (at(id) <= until && (found == 0 || at(id) >= at(found))) {
      found = id;
    }
  }
  return found;
}

std::vector<PathSegment> Moments::path_to(MomentId last, const isa::Streams* streams) const {
  std::vector<PathSegment> path;
  for (MomentId id = last; id != 0; id = moments_[id - 1].cause) {
    const Moment& moment = moments_[id - 1];
    if (moment.cause == 0) {
      break;
    }
    PathSegment segment = segment_of(moment, streams);
    segment.from = at(moment.cause);
    const SimTime limited = std::min(moment.throttled, segment.to - segment.from);
    if (limited > 0) {
      PathSegment part = segment;
      part.kind = PathKind::Throttle;
      part.from = segment.to - limited;
      path.push_back(part);
      segment.to = part.from;
    }
    if (segment.to > segment.from) {
      path.push_back(segment);
    }
  }
  std::reverse(path.begin(), path.end());
  return path;
}

}  // namespace nsim::hw
