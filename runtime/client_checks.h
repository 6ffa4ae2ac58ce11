// SPDX-License-Identifier: Apache-2.0
// The checking mode (runtime.checks, NSIM_CHECK=1): finds bugs of the client, which the device
// would punish with wrong results now and then, and names both calls. Changes nothing of what
// happens.
//
// Happens-before. A request is over, for the client, once its completion was *observed*: by
// nrta_is_completed, nrta_get_sequence, an entry of an error list, a counter of output completions,
// or because a blocking call came back. Requests of one unit are in order, so that one number per
// unit is the whole knowledge, and the numbers of all units are a vector clock. An observation by
// one thread counts for all: how threads of the client synchronise cannot be seen here, and a
// missed bug is better than a false one. For the same reason a completion that an event or
// completion handle was registered for counts as observed when it happens.
//
// The calls that are watched go on as without it: when there is no memory for what is to be noted,
// the checks say so and end.
//
// Any thread; the lock is held while no other code but the log and the naming of tensors runs.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <tuple>
#include <vector>

#include "runtime/client_finding.h"
#include "runtime/request.h"
#include "runtime/unit_queue.h"

namespace nsim::rt {

class ClientChecks {
 public:
  struct Range {
    std::uint64_t begin = 0;  // device-visible addresses: slices of one storage overlap
    std::uint64_t end = 0;
  };
  /// How messages call the bytes of a range: a tensor's name and offsets; "" when none is there.
  using Naming = std::function<std::string(const Range&)>;

  struct Access {
    Range range;
    bool writes = false;
  };
  /// What is remembered of a request until its completion is observed.
  struct Call {
    ClientCall call;
    std::vector<Access> accesses;
    const NRT_STATUS* status = nullptr;
    const void* tracker = nullptr;
    const void* model = nullptr;
    bool blocking = false;
    bool has_event = false;
    bool complete = false;
  };

  explicit ClientChecks(Naming naming) : naming_(std::move(naming)) {}

  /// Before the request is handed over, as it is the unit's afterwards.
  static Call describe(const UnitQueue& queue, const Request& request);
  /// The unit accepted it as `sequence`.
  void scheduled(Call call, nrta_seq_t sequence);
  /// Simulation thread, before that becomes visible.
  void completed(const Request& request);

  /// The client knows that everything up to this id is over.
  void observed(nrta_seq_t sequence);
  /// Something will tell the client when this request is over, or (number 0) each of its unit's.
  void event(nrta_seq_t sequence);
  /// The client knows that executions that write the range are over, those that are.
  void outputs_observed(const Range& range);
  void errors_listed(const void* tracker);

  void tracker_destroyed(const void* tracker);
  /// `what` is given back or replaced by a call of `api`.
  void released(const char* api, const Range& range, const std::string& what);
  void unloading(const void* model, const std::string& name);
  void unknown_sequence(nrta_seq_t sequence);
  void closing();

  std::vector<ClientFinding> findings() const;

 private:
  struct Unit {
    std::string name;
    std::deque<Call> live;  // accepted and not observed, in order
    std::uint64_t given = 0;
    std::uint64_t observed = 0;
    std::uint64_t forgotten = 0;  // requests up to here had to make room
    bool has_event = false;
    std::map<std::uint64_t, NRT_STATUS> early;  // completed before scheduled() came to it
  };
  using Key =
      std::tuple<ClientBug, std::string, std::string, std::string, std::string, std::string>;

  /// One step of the books, with the lock.
  template <class Step>
  void watch(Step step);
  void compare(const Call& earlier, const Call& later);
  void finish(Unit& unit, Call& call, NRT_STATUS status);
  static void observe(Unit& unit, std::uint64_t number);
  void add(ClientBug bug, const ClientCall& first, const ClientCall& second,
           const std::string& object);
  std::string object_of(const Range& range, bool& is_tensor) const;

  const Naming naming_;
  mutable std::mutex mutex_;
  bool blind_ = false;  // memory was missing: the books are not complete any more
  std::map<nrta_xu_id_t, Unit> units_;
  std::map<const void*, std::vector<ClientCall>> unseen_;  // failures by tracker
  std::vector<ClientFinding> findings_;
  std::map<Key, std::size_t> known_;  // index of the finding: repetitions are counted
};

}  // namespace nsim::rt
