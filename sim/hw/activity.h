// SPDX-License-Identifier: Apache-2.0
// What an engine does at every moment of an execution: one unbroken chain of segments, each busy or
// idle for one cause. Statistics and the engine's two rows of the trace are made from the same
// segments.
//
// A segment lasts until the next one begins, and may be announced before it begins; only what lies
// before the end of the execution counts.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/stats.h"
#include "sim/base/trace.h"
#include "sim/hw/dma_transfer.h"
#include "sim/isa/opcode.h"
#include "sim/isa/stream.h"

namespace nsim::hw {

/// Why an engine does nothing. Tensor .. Dma: it waits for a semaphore that those increment.
enum class Idle : std::uint8_t {
  Tensor,
  Vector,
  Scalar,
  GpSimd,
  Sync,
  Dma,
  Peer,    // the other cores of the logical core
  Port,    // a port or PSUM bank another engine holds
  Other,   // a semaphore that several kinds or nobody increments
  Fetch,   // its instructions
  Drained  // its stream is over, the execution is not
};
inline constexpr int kIdleCount = static_cast<int>(Idle::Drained) + 1;
Idle idle_for(isa::SemaphoreOwner owner);

class Activity {
 public:
  /// Rows of a core in the device trace: its engines have the first ones, in the order of Neuron's
  /// profiler.
  static constexpr int kFirstRank = 1000;
  static constexpr int kRanksPerCore = 10;

  Activity(isa::Engine engine, int core) : engine_(engine), core_(core) {}

  /// "Tensor"
  static std::string_view track_name(isa::Engine engine);

  /// An execution begins: idle, fetching instructions.
  void begin(const ExecutionContext& context, SimTime at);
  /// `until`: the semaphore and value it waits for, if any.
  void idle(Idle cause, SimTime from, const isa::StreamWait* until = nullptr);
  /// `done`: when it retires. `throttled`: by how much the utilisation limit makes it longer.
  /// `flow`: trace flow id, 0 for none.
  void busy(const isa::StreamInstruction& instruction, SimTime from, SimTime done,
            SimTime throttled, std::uint64_t flow);
  /// Tensor: loads weights of `instruction` although the array is free; they are in place at
  /// `done`.
  void load_weights(const isa::StreamInstruction& instruction, SimTime from, SimTime done);
  /// Scalar: loads a function table for `instruction`.
  void load_table(const isa::StreamInstruction& instruction, SimTime from);
  /// Tensor runs at `percent` of its full rate from `from` on. Only the trace shows it.
  void rate(double percent, SimTime from);
  /// The execution is over.
  void end(SimTime at);

  /// Adds busy and idle times up to the current time `at`.
  void report(StatsScope stats, SimTime at) const;

 private:
  enum class Kind : std::uint8_t { Idle, Busy, Weights, Table };
  struct Segment {
    Kind kind = Kind::Idle;
    Idle cause = Idle::Fetch;
    SimTime from = 0;
    SimTime done = 0;
    SimTime throttled = 0;
    std::uint64_t flow = 0;
    const isa::StreamInstruction* instruction = nullptr;
    const isa::StreamWait* until = nullptr;
  };
  /// What instructions of one kind, and loads of weights or tables, did.
  struct Work {
    std::int64_t count = 0;
    SimTime busy = 0;     // the engine was occupied
    SimTime latency = 0;  // sum over them of the time from start to result
  };
  static constexpr std::size_t kWeights = isa::kOpcodeCount;  // rows of `work` behind the opcodes
  static constexpr std::size_t kTable = kWeights + 1;
  struct Totals {
    std::array<Work, kTable + 1> work{};
    SimTime busy = 0;  // includes weights and table
    SimTime weights = 0;
    SimTime table = 0;
    SimTime limited = 0;    // part of busy: at the reduced rate
    SimTime throttled = 0;  // part of that: what the limit added
    std::array<SimTime, kIdleCount> idle{};
    SimTime active = 0;  // union of start to result, as far as `active_until`
    SimTime active_until = 0;
    void add(const Segment& segment, SimTime end);
    /// Nothing after `at` counts.
    void cut(SimTime at);
  };

  void load(Kind kind, const isa::StreamInstruction& instruction, SimTime from, SimTime done);
  void push(const Segment& segment);
  void draw_idle(const Segment& segment, SimTime end) const;
  static std::size_t work_of(const Segment& segment);
  static const char* work_name(std::size_t row);
  void close(const Segment& segment, SimTime end);
  void draw(const Segment& segment, SimTime end) const;
  bool tracing() const;

  const isa::Engine engine_;
  const int core_;
  std::vector<Segment> open_;  // not yet in `totals_`: the last one that began, and those announced
  Totals totals_;
  const ExecutionContext* context_ = nullptr;
  TrackId track_ = 0;
  TrackId wait_track_ = 0;
  TrackId rate_track_ = 0;  // 0: none yet
  SimTime begun_ = 0;       // of the execution
};

}  // namespace nsim::hw
