// SPDX-License-Identifier: Apache-2.0
#define NRTA_API_GEN A
#include <nrt/nrt_async.h>
#include <nrt/nrt_experimental.h>
#include <nsim_hooks.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <map>
#include <utility>
#include <vector>

#include "tests/stress/ledger/calls.h"
#include "tests/stress/ledger/collective.h"
#include "tests/stress/stress_checks.h"

namespace nsim::test {
namespace {

/// Failed requests in an error tracker per core; completion handles.
class CallsOfA : public Calls {
 public:
  explicit CallsOfA(int cores) : Calls(cores), trackers_(static_cast<std::size_t>(cores)) {
    for (int core = 0; core < cores; ++core) {
      require(nrta_error_tracker_create(static_cast<std::uint32_t>(core), &of(core).tracker),
              "nrta_error_tracker_create");
    }
  }

  Unit unit_of(Kind kind, int core, unsigned choice) const override {
    const int queue = static_cast<int>(choice % 2);
    switch (kind) {
      case Kind::Nothing:
      case Kind::Write:
        return {Unit::TensorWrite, core, queue};
      case Kind::Read:
        return {Unit::TensorRead, core, queue};
      case Kind::Copy:
        return {Unit::TensorOp, core, queue};
      case Kind::Execute:
        return {Unit::Compute, core, 0};
      case Kind::Collective:
        break;
    }
    return {Unit::Collectives, core, 0};
  }

  NRT_STATUS schedule(const Job& job, const Work& work, const Unit& unit, Way way,
                      Ticket& ticket) override {
    ticket.unit = unit;
    ticket.way = way;
    const NRT_STATUS status = schedule(job, work, unit, &ticket.sequence);
    if (status == NRT_SUCCESS && way == Way::Descriptor) {
      require(nrta_get_completion_handle(ticket.sequence, &ticket.descriptor),
              "nrta_get_completion_handle");
    }
    return status;
  }

  bool over(Ticket& ticket) override {
    if (ticket.way == Way::Descriptor) {
      pollfd wanted{ticket.descriptor, POLLIN, 0};
      return poll(&wanted, 1, 0) == 1;
    }
    if (ticket.way == Way::Sequence) {
      return last_completed(ticket.unit) >= ticket.sequence;
    }
    bool done = false;
    require(nrta_is_completed(ticket.sequence, &done), "nrta_is_completed");
    return done;
  }

  NRT_STATUS take_status(Ticket& ticket) override {
    if (ticket.way == Way::Descriptor) {
      std::uint64_t events = 0;
      expect(read(ticket.descriptor, &events, sizeof events) == sizeof events && events == 1,
             "a completion handle has one event");
      close(std::exchange(ticket.descriptor, -1));
    }
    Tracker& tracker = of(ticket.unit.core);
    const nrta_error_t* list = nullptr;
    std::size_t count = 0;
    require(nrta_error_tracker_get_list(tracker.tracker, &list, &count),
            "nrta_error_tracker_get_list");
    for (; tracker.read < count; ++tracker.read) {
      const nrta_error_t& entry = list[tracker.read];
      const bool first =
          tracker.failed.emplace(entry.seq_id, static_cast<NRT_STATUS>(entry.error_code)).second;
      expect(first && entry.error_code != NRT_SUCCESS, "a failed request has one entry");
    }
    const auto found = tracker.failed.find(ticket.sequence);
    return found == tracker.failed.end() ? NRT_SUCCESS : found->second;
  }

  void check_untouched(Ticket&) override {}
  /// Trackers are gone with the session.
  void check_closed(Ticket& ticket) override {
    if (ticket.way == Way::Descriptor) {
      expect(over(ticket), "a completion handle is readable after nrt_close");
      close(std::exchange(ticket.descriptor, -1));
    }
  }

  nrta_seq_t last_completed(const Unit& unit) const override {
    nrta_seq_t last = 0;
    require(nrta_get_sequence(static_cast<std::uint32_t>(unit.core),
                              static_cast<nrta_xu_t>(unit.type), unit.queue, &last),
            "nrta_get_sequence");
    return last;
  }

 private:
  struct Tracker {
    nrta_error_tracker_t* tracker = nullptr;
    std::size_t read = 0;  // entries
    std::map<nrta_seq_t, NRT_STATUS> failed;
  };

  Tracker& of(int core) { return trackers_[static_cast<std::size_t>(core)]; }

  NRT_STATUS schedule(const Job& job, const Work& work, const Unit& unit, nrta_seq_t* sequence) {
    nrta_error_tracker_t* tracker = of(unit.core).tracker;
    switch (work.kind) {
      case Kind::Nothing:
        return nrta_tensor_write(job.a, nullptr, 0, 0, unit.queue, tracker, sequence);
      case Kind::Write:
        return nrta_tensor_write(job.a, work.buffer, 0, work.bytes, unit.queue, tracker, sequence);
      case Kind::Read:
        return nrta_tensor_read(work.buffer, work.from, 0, work.bytes, unit.queue, tracker,
                                sequence);
      case Kind::Copy:
        return nrta_tensor_copy(job.a, 0, job.b, 0, work.bytes, unit.queue, tracker, sequence);
      case Kind::Execute:
        return nrta_execute_schedule(job.model, job.inputs, job.outputs, unit.queue, tracker,
                                     sequence);
      case Kind::Collective:
        break;
    }
    return schedule_sum(job, cores(), [&](nrt_cc_context_t** context) {
      return nrta_cc_schedule(context, unit.queue, tracker, sequence);
    });
  }

  std::vector<Tracker> trackers_;
};

struct FaultRow {
  nsim_fault_t hook;
  NRT_STATUS status;
};

constexpr std::array<FaultRow, 5> kFaults{{
    {NSIM_FAULT_SEMAPHORE_MISUSE, NRT_EXEC_COMPLETED_WITH_ERR},
    {NSIM_FAULT_OUT_OF_BOUNDS, NRT_EXEC_OOB},
    {NSIM_FAULT_NUMERICAL_NAN, NRT_EXEC_COMPLETED_WITH_NUM_ERR},
    {NSIM_FAULT_BAD_DESCRIPTOR, NRT_EXEC_BAD_INPUT},
    {NSIM_FAULT_HBM_UNCORRECTABLE, NRT_EXEC_HW_ERR_HBM_UE},
}};

}  // namespace

std::unique_ptr<Calls> calls_of_generation_a(int cores) {
  return std::make_unique<CallsOfA>(cores);
}

NRT_STATUS status_of(Fault fault) {
  return kFaults[static_cast<std::size_t>(fault)].status;
}

void inject(const Unit& unit, Fault fault) {
  require(nsim_hook_inject(static_cast<std::uint32_t>(unit.core), unit.type, unit.queue,
                           kFaults[static_cast<std::size_t>(fault)].hook, 0),
          "nsim_hook_inject");
}

}  // namespace nsim::test
