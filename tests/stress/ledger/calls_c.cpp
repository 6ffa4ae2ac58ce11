// SPDX-License-Identifier: Apache-2.0
#define NRTA_API_GEN C
#include <nrt/nrt_async.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>

#include "tests/stress/ledger/calls.h"
#include "tests/stress/ledger/collective.h"
#include "tests/stress/stress_checks.h"

namespace nsim::test {
namespace {

/// No status of the library, but values that the type has: what a place for one holds while its
/// request is under way, and afterwards.
constexpr auto kUnderWay = static_cast<NRT_STATUS>(2046);
constexpr auto kTaken = static_cast<NRT_STATUS>(2047);

/// The library may write while the client looks.
NRT_STATUS look(const NRT_STATUS& status) {
  return __atomic_load_n(&status, __ATOMIC_ACQUIRE);
}

/// The thread sanitizer knows of no order but that of atomic writes; the library's is a plain one.
constexpr bool kStatusAlone =
#ifdef __SANITIZE_THREAD__
    false;
#else
    true;
#endif

nrta_xu_t type_of(const Unit& unit) {
  return unit.type == Unit::Compute       ? NRTA_XU_COMPUTE
         : unit.type == Unit::Collectives ? NRTA_XU_COLLECTIVES
                                          : NRTA_XU_TENSOR_OP;
}

/// A place for the status, and an eventfd, of every request.
class CallsOfC : public Calls {
 public:
  using Calls::Calls;

  Unit unit_of(Kind kind, int core, unsigned choice) const override {
    switch (kind) {
      case Kind::Execute:
        return {Unit::Compute, core, 0};
      case Kind::Collective:
        return {Unit::Collectives, core, 1};
      default:
        return {Unit::TensorOp, core, static_cast<int>(choice % 2)};
    }
  }

  NRT_STATUS schedule(const Job& job, const Work& work, const Unit& unit, Way way,
                      Ticket& ticket) override {
    ticket.unit = unit;
    ticket.way = way == Way::Status && !kStatusAlone ? Way::Completed : way;
    ticket.status = kUnderWay;
    const NRT_STATUS status = schedule(job, work, unit, &ticket.status, &ticket.sequence);
    if (status != NRT_SUCCESS) {
      expect(ticket.status == kUnderWay, "a call that is not accepted writes no status");
      ticket.status = kTaken;
      return status;
    }
    if (way == Way::Descriptor) {
      if (ticket.descriptor < 0) {
        ticket.descriptor = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
      }
      require(nrta_event_register_seq_id_completion(ticket.sequence, ticket.descriptor),
              "nrta_event_register_seq_id_completion");
    }
    return status;
  }

  bool over(Ticket& ticket) override {
    bool done = false;
    switch (ticket.way) {
      case Way::Descriptor:
        if (!take_event(ticket)) {
          return false;
        }
        require(nrta_is_completed(ticket.sequence, &done), "nrta_is_completed");
        expect(done, "what an event reports is complete");
        return true;
      case Way::Status:
        return look(ticket.status) != kUnderWay;
      case Way::Sequence:
        return last_completed(ticket.unit) >= ticket.sequence;
      default:
        require(nrta_is_completed(ticket.sequence, &done), "nrta_is_completed");
        return done;
    }
  }

  NRT_STATUS take_status(Ticket& ticket) override {
    const NRT_STATUS status = look(ticket.status);
    expect(status != kUnderWay, "a request that is over has its status");
    ticket.status = kTaken;
    return status;
  }

  void check_untouched(Ticket& ticket) override {
    expect(ticket.sequence == 0 || ticket.status == kTaken, "a request writes one status");
    expect(ticket.descriptor < 0 || !take_event(ticket), "a request has one event");
  }

  void check_closed(Ticket& ticket) override {
    const bool seen = ticket.way != Way::Descriptor || take_event(ticket);
    expect(seen, "a request that nrt_close ends has its event");
    take_status(ticket);
  }

  nrta_seq_t last_completed(const Unit& unit) const override {
    nrta_seq_t last = 0;
    require(
        nrta_get_sequence(static_cast<std::uint32_t>(unit.core), type_of(unit), unit.queue, &last),
        "nrta_get_sequence");
    return last;
  }

 private:
  /// False when there is none.
  static bool take_event(const Ticket& ticket) {
    std::uint64_t events = 0;
    const bool any = read(ticket.descriptor, &events, sizeof events) == sizeof events;
    expect(any ? events == 1 : errno == EAGAIN, "an event counts one completion");
    return any;
  }

  NRT_STATUS schedule(const Job& job, const Work& work, const Unit& unit, NRT_STATUS* status,
                      nrta_seq_t* sequence) {
    switch (work.kind) {
      case Kind::Nothing:
        return nrta_tensor_write(job.a, nullptr, 0, 0, unit.core, unit.queue, status, sequence);
      case Kind::Write:
        return nrta_tensor_write(job.a, work.buffer, 0, work.bytes, unit.core, unit.queue, status,
                                 sequence);
      case Kind::Read:
        return nrta_tensor_read(work.buffer, work.from, 0, work.bytes, unit.core, unit.queue,
                                status, sequence);
      case Kind::Copy:
        return nrta_tensor_copy(job.a, 0, job.b, 0, work.bytes, unit.core, unit.queue, status,
                                sequence);
      case Kind::Execute:
        return nrta_execute_schedule(job.model, job.inputs, job.outputs, unit.queue, status,
                                     sequence);
      case Kind::Collective:
        break;
    }
    return schedule_sum(job, cores(), [&](nrt_cc_context_t** context) {
      return nrta_cc_schedule(context, unit.queue, status, sequence);
    });
  }
};

}  // namespace

std::unique_ptr<Calls> calls_of_generation_c(int cores) {
  return std::make_unique<CallsOfC>(cores);
}

bool count_completions(const Unit& unit, int event) {
  if (unit.type == Unit::TensorRead || unit.type == Unit::TensorWrite) {
    return false;
  }
  require(nrta_event_register_xu_completion(static_cast<std::uint32_t>(unit.core), type_of(unit),
                                            unit.queue, event),
          "nrta_event_register_xu_completion");
  return true;
}

}  // namespace nsim::test
