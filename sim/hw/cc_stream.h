// SPDX-License-Identifier: Apache-2.0
// A stream of collectives: what the collectives unit of one (logical core, queue) makes a
// collectives core do, one operation after the other.
//
// Data flow of one operation at rank r:
//   start()  -> a Ready message, with the rank's buffers, to the stream of every other rank
//   Ready of every rank arrived -> do all of them mean the same operation? no: the request fails
//            on every rank. Yes: the phases of collective.h, one after the other. The collectives
//            core rings the doorbell of each transfer, a job on the last ring of the logical core's
//            DMA engines, which move (and combine) data through fabric and links like any other
//   last phase done -> a Done message to every other rank
//   Done of every rank arrived -> nobody touches the rank's buffers any more: the operation is over
//
// A rank that never comes, or fails on the way, leaves the others waiting until the watchdog of
// their unit ends it; so do a message that is lost, and a core that hangs. Messages of operations
// that are still to come are kept.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "sim/base/stats.h"
#include "sim/base/trace.h"
#include "sim/hw/cc_core.h"
#include "sim/hw/cc_mail.h"
#include "sim/hw/collective.h"
#include "sim/hw/dma_engine.h"
#include "sim/hw/faults.h"

namespace nsim::hw {

/// What a stream works with; everything outlives it.
struct CcStreamParts {
  CcCore* core = nullptr;
  CcMail* mail = nullptr;
  Faults* faults = nullptr;
  std::vector<DmaEngine*> engines;  // of the logical core
  double combine_rate = 1;          // of the engines' rate, for bytes that are combined
  bool numerics = true;
  Trace* trace = nullptr;     // the system's
  TrackId trace_process = 0;  // the hardware's group in it
};

class CcStream {
 public:
  using Done = std::function<void(DeviceError)>;

  CcStream(UnitAddress unit, CcStreamParts parts);
  ~CcStream();

  /// `met` runs when all ranks are there, then `done`, once each, on the simulation thread, unless
  /// abort() comes first. `origin`: whose operation it is. `fault`: what the first DMA transfer
  /// fails with.
  void start(Collective collective, std::uint64_t flow, const Origin& origin, DeviceError fault,
             std::function<void()> met, Done done);
  /// Gives up the operation under way; transfers that have begun go on unseen.
  void abort();
  /// As abort(), and forgets what other ranks have sent.
  void reset();

  void report(StatsScope stats) const;

 private:
  class Job;
  struct Batch;

  UnitAddress unit_of(std::uint64_t core) const;
  void send(CcMessage::Kind kind, std::uint32_t rank);
  void receive(const CcMessage& message);
  void accept(const CcMessage& message);
  void run();
  void next_phase();
  void move(Batch& batch, const CollectiveMove& move, std::size_t number);
  void job_done(Batch& batch, DeviceError error, bool hung);
  bool strikes(FaultPoint point, FaultPhase phase) const;
  /// The collectives core executes nothing of this stream any more.
  bool hangs();
  void finish_when_all_done();
  void finish(DeviceError error);
  void end();
  void trace(const char* what, SimTime start) const;

  const UnitAddress unit_;
  const CcStreamParts parts_;

  // The operation under way.
  bool active_ = false;
  std::uint64_t run_ = 0;  // counts operations; late events of an earlier one are dropped
  Collective collective_;
  std::uint64_t flow_ = 0;
  Origin origin_;
  bool hangs_ = false;
  DeviceError fault_ = DeviceError::None;
  std::function<void()> met_;
  Done done_;
  SimTime started_ = 0;
  SimTime phase_started_ = 0;
  std::vector<bool> announced_;                         // by rank: our Ready was sent
  std::vector<bool> ready_;                             // by rank: its Ready is here
  std::vector<std::vector<CollectiveBuffer>> buffers_;  // by rank
  bool agreed_ = true;
  bool moved_ = false;  // all phases are through
  std::uint32_t ranks_ready_ = 0;
  std::uint32_t ranks_done_ = 0;
  std::vector<CollectivePhase> phases_;
  std::size_t phase_ = 0;  // next

  using Operation = std::pair<std::uint32_t, std::uint64_t>;  // communicator, order
  std::map<Operation, std::vector<CcMessage>> early_;
  std::map<std::uint32_t, std::uint64_t> last_;  // communicator -> order of the last operation here
  std::list<Batch> batches_;                     // transfers on the way

  std::int64_t operations_ = 0;
  std::int64_t moved_bytes_ = 0;
  std::int64_t combined_bytes_ = 0;
  SimTime waited_ = 0;
};

}  // namespace nsim::hw
