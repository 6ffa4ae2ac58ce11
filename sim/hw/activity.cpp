// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/activity.h"

#include <algorithm>

#include "sim/hw/time.h"

namespace nsim::hw {
namespace {

struct IdleRow {
  Idle cause;
  const char* stat;
  const char* slice;
  const char* description;
};

// In the order of Idle.
constexpr IdleRow kIdle[] = {
    {Idle::Tensor, "idle_tensor", "waiting for tensor", "Waiting for the Tensor engine"},
    {Idle::Vector, "idle_vector", "waiting for vector", "Waiting for the Vector engine"},
    {Idle::Scalar, "idle_scalar", "waiting for scalar", "Waiting for the Scalar engine"},
    {Idle::GpSimd, "idle_gpsimd", "waiting for gpsimd", "Waiting for the GpSimd engine"},
    {Idle::Sync, "idle_sync", "waiting for sync", "Waiting for the Sync engine"},
    {Idle::Dma, "idle_dma", "waiting for dma", "Waiting for a DMA transfer"},
    {Idle::Peer, "idle_peer", "waiting for peer", "Waiting for the peer cores at a barrier"},
    {Idle::Port, "idle_port", "waiting for port",
     "Waiting for an SBUF port or PSUM bank that another engine holds"},
    {Idle::Other, "idle_other", "waiting for semaphore",
     "Waiting for a semaphore that several kinds of units increment, or none"},
    {Idle::Fetch, "idle_fetch", "fetching", "Waiting for instructions from HBM"},
    {Idle::Drained, "idle_drained", "drained",
     "The engine's own stream is over, the execution is not"},
};

constexpr bool in_order() {
  int expected = 0;
  for (const IdleRow& row : kIdle) {
    if (static_cast<int>(row.cause) != expected) {
      return false;
    }
    ++expected;
  }
  return expected == kIdleCount;
}
static_assert(in_order(), "one row per cause, in the order of Idle");

// Neuron's profiler shows the DMA queues first, then the engines of each core in this order.
struct TrackRow {
  std::string_view name;
  int rank;
};
constexpr TrackRow kTracks[isa::kEngineCount] = {
    {"Tensor", 1}, {"Vector", 2}, {"Scalar", 3}, {"GpSimd", 4}, {"Sync", 0}};

double nanoseconds(SimTime time) {
  return static_cast<double>(time) / static_cast<double>(kNanosecond);
}

}  // namespace

Idle idle_for(isa::SemaphoreOwner owner) {
  switch (owner) {
    case isa::SemaphoreOwner::Tensor:
      return Idle::Tensor;
    case isa::SemaphoreOwner::Vector:
      return Idle::Vector;
    case isa::SemaphoreOwner::Scalar:
      return Idle::Scalar;
    case isa::SemaphoreOwner::GpSimd:
      return Idle::GpSimd;
    case isa::SemaphoreOwner::Sync:
      return Idle::Sync;
    case isa::SemaphoreOwner::Dma:
      return Idle::Dma;
    case isa::SemaphoreOwner::Peer:
      return Idle::Peer;
    case isa::SemaphoreOwner::None:
    case isa::SemaphoreOwner::Mixed:
      break;
  }
  return Idle::Other;
}

void Activity::Totals::add(const Segment& segment, SimTime end) {
  const SimTime duration = end - segment.from;
  if (segment.kind != Kind::Idle) {
    const SimTime done = std::max(end, segment.done);
    active += std::max<SimTime>(0, done - std::max(segment.from, active_until));
    active_until = std::max(active_until, done);
    throttled += std::min(segment.throttled, duration);
    limited += segment.throttled > 0 ? duration : 0;
    Work& kind = work[work_of(segment)];
    ++kind.count;
    kind.busy += duration;
    kind.latency += std::max(segment.done, segment.from) - segment.from;
  }
  switch (segment.kind) {
    case Kind::Idle:
      idle[static_cast<std::size_t>(segment.cause)] += duration;
      break;
    case Kind::Weights:
      weights += duration;
      busy += duration;
      break;
    case Kind::Table:
      table += duration;
      [[fallthrough]];
    case Kind::Busy:
      busy += duration;
      break;
  }
}

std::size_t Activity::work_of(const Segment& segment) {
  switch (segment.kind) {
    case Kind::Weights:
      return kWeights;
    case Kind::Table:
      return kTable;
    case Kind::Busy:
    case Kind::Idle:
      break;
  }
  return static_cast<std::size_t>(segment.instruction->opcode);
}

/// As the trace calls it.
const char* Activity::work_name(std::size_t row) {
  if (row == kWeights) {
    return "load_stationary";
  }
  return row == kTable ? "act_table_load" : isa::name(static_cast<isa::Opcode>(row));
}

void Activity::Totals::cut(SimTime at) {
  active -= std::max<SimTime>(0, active_until - at);
  active_until = std::min(active_until, at);
}

void Activity::begin(const ExecutionContext& context, SimTime at) {
  context_ = &context;
  rate_track_ = 0;
  begun_ = at;
  if (tracing()) {
    const TrackRow& row = kTracks[static_cast<std::size_t>(engine_)];
    const std::string name = std::string(row.name) + "(nc" + std::to_string(core_) + ")";
    track_ = context.trace->track(name, 0, kFirstRank + core_ * kRanksPerCore + row.rank);
    wait_track_ = context.trace->track(name + " wait", track_);
  }
  idle(Idle::Fetch, at);
}

std::string_view Activity::track_name(isa::Engine engine) {
  return kTracks[static_cast<std::size_t>(engine)].name;
}

void Activity::idle(Idle cause, SimTime from, const isa::StreamWait* until) {
  Segment segment;
  segment.cause = cause;
  segment.from = from;
  segment.until = until;
  push(segment);
}

void Activity::busy(const isa::StreamInstruction& instruction, SimTime from, SimTime done,
                    SimTime throttled, std::uint64_t flow) {
  Segment segment;
  segment.kind = Kind::Busy;
  segment.from = from;
  segment.done = done;
  segment.throttled = throttled;
  segment.flow = flow;
  segment.instruction = &instruction;
  push(segment);
}

void Activity::load_weights(const isa::StreamInstruction& instruction, SimTime from, SimTime done) {
  load(Kind::Weights, instruction, from, done);
}

void Activity::load_table(const isa::StreamInstruction& instruction, SimTime from) {
  load(Kind::Table, instruction, from, from);
}

void Activity::load(Kind kind, const isa::StreamInstruction& instruction, SimTime from,
                    SimTime done) {
  Segment segment;
  segment.instruction = &instruction;
  segment.kind = kind;
  segment.from = from;
  segment.done = done;
  push(segment);
}

void Activity::rate(double percent, SimTime from) {
  if (!tracing()) {
    return;
  }
  Trace& trace = *context_->trace;
  if (rate_track_ == 0) {
    const std::string name(track_name(engine_));
    rate_track_ = trace.counter_track(name + "(nc" + std::to_string(core_) + ") rate", "%", track_);
  }
  trace.counter(rate_track_, std::max(from, begun_), percent);
}

void Activity::end(SimTime at) {
  for (std::size_t i = 0; i < open_.size() && open_[i].from <= at; ++i) {
    close(open_[i], i + 1 < open_.size() ? std::min(at, open_[i + 1].from) : at);
  }
  open_.clear();
  totals_.cut(at);
  context_ = nullptr;
}

void Activity::push(const Segment& segment) {
  open_.push_back(segment);
  // What lies in the future may still be cut short by the end of the execution.
  while (open_.size() > 1 && open_[1].from <= now()) {
    close(open_[0], open_[1].from);
    open_.erase(open_.begin());
  }
}

void Activity::close(const Segment& segment, SimTime end) {
  totals_.add(segment, end);
  if (tracing()) {
    draw(segment, end);
  }
}

void Activity::draw(const Segment& segment, SimTime end) const {
  Trace& trace = *context_->trace;
  if (segment.kind == Kind::Idle) {
    draw_idle(segment, end);
    return;
  }
  const isa::StreamInstruction& instruction = *segment.instruction;
  trace.slice(track_, trace.name(work_name(work_of(segment))), segment.from, end, segment.flow,
              {{"done_ps", segment.kind == Kind::Table ? end : segment.done},
               {"line", instruction.line},
               {"label", instruction.label, context_->streams->labels[instruction.label]}});
}

void Activity::draw_idle(const Segment& segment, SimTime end) const {
  if (end <= segment.from) {
    return;
  }
  Trace& trace = *context_->trace;
  const NameId name = trace.name(kIdle[static_cast<std::size_t>(segment.cause)].slice);
  if (segment.until == nullptr) {
    trace.slice(wait_track_, name, segment.from, end);
    return;
  }
  trace.slice(wait_track_, name, segment.from, end, 0,
              {{"semaphore", segment.until->semaphore}, {"value", segment.until->value}});
}

bool Activity::tracing() const {
  return context_ != nullptr && context_->trace != nullptr && context_->trace->enabled();
}

void Activity::report(StatsScope stats, SimTime at) const {
  Totals totals = totals_;
  for (std::size_t i = 0; i < open_.size() && open_[i].from < at; ++i) {
    const SimTime end = i + 1 < open_.size() ? std::min(at, open_[i + 1].from) : at;
    totals.add(open_[i], end);
  }
  totals.cut(at);
  stats.add("busy", nanoseconds(totals.busy), "ns", "Time the engine worked on instructions");
  stats.add("active", nanoseconds(totals.active), "ns",
            "Time with an instruction between start and result, as the public profiler counts");
  for (const IdleRow& row : kIdle) {
    stats.add(row.stat, nanoseconds(totals.idle[static_cast<std::size_t>(row.cause)]), "ns",
              row.description);
  }
  for (std::size_t row = 0; row < totals.work.size(); ++row) {
    const Work& work = totals.work[row];
    if (work.count > 0) {
      const StatsScope scope = stats.scope("ops").scope(work_name(row));
      scope.add("count", static_cast<double>(work.count), "1", "Instructions or loads of the kind");
      scope.add("busy", nanoseconds(work.busy), "ns", "Time they occupied the engine");
      scope.add("latency", nanoseconds(work.latency), "ns",
                "Sum over them of the time from start to result");
    }
  }
  if (engine_ == isa::Engine::Scalar) {
    stats.add("slow_table_load", nanoseconds(totals.table), "ns",
              "The part of busy that loaded function tables");
  }
  if (engine_ == isa::Engine::Tensor) {
    stats.add("exposed_weight_load", nanoseconds(totals.weights), "ns",
              "The part of busy that loaded weights while the array had nothing else to do");
    stats.add("throttled", nanoseconds(totals.limited), "ns",
              "The part of busy under the utilisation limit");
    stats.add("slow_throttle", nanoseconds(totals.throttled), "ns",
              "The part of busy that the utilisation limit added");
  }
}

}  // namespace nsim::hw
