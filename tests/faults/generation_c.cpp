// SPDX-License-Identifier: Apache-2.0
#include <map>

#include "tests/conformance/generation_c/event.h"
#include "tests/faults/generation.h"

namespace nsim::test {
namespace {

constexpr NRT_STATUS kUntouched = NRT_QUEUE_EMPTY;  // no request ends with that

struct Request {
  NRT_STATUS status = kUntouched;
  Event event;
};

}  // namespace

struct Reports::Ways {
  const int queue;
  Event unit;
  std::map<nrta_seq_t, std::unique_ptr<Request>> requests;
};

Reports::Reports(std::uint32_t core, int queue) : ways_(new Ways{queue, Event(), {}}) {
  REQUIRE(call_c_event_register_xu_completion(core, CALL_C_COLLECTIVES, queue, ways_->unit.fd) ==
          NRT_SUCCESS);
}

Reports::~Reports() = default;
Reports::Reports(Reports&&) noexcept = default;

NRT_STATUS Reports::schedule(nrt_cc_context_t** context, nrta_seq_t* sequence) {
  auto request = std::make_unique<Request>();
  const NRT_STATUS status = call_c_cc_schedule(context, ways_->queue, &request->status, sequence);
  if (status != NRT_SUCCESS) {
    CHECK(request->status == kUntouched);
    return status;
  }
  REQUIRE(watch(*sequence, request->event.fd) == NRT_SUCCESS);
  ways_->requests.emplace(*sequence, std::move(request));
  return NRT_SUCCESS;
}

/// The place for the status is the client's again afterwards.
NRT_STATUS Reports::end_of(nrta_seq_t sequence) {
  Request& request = *ways_->requests.at(sequence);
  Client::wait(sequence);
  CHECK(request.event.take(1) == 1);
  CHECK(request.status != kUntouched);
  return std::exchange(request.status, kUntouched);
}

void Reports::check() const {
  CHECK(ways_->unit.take(ways_->requests.size()) == ways_->requests.size());
  for (const auto& [sequence, request] : ways_->requests) {
    CHECK(request->status == kUntouched);
    CHECK(request->event.take() == 0);
  }
}

int collectives_queues() {
  return 3;
}

/// Tensor-op units do what those of generation A for reads and for writes do; the driver's own unit
/// is no matter of generations.
bool occurs(const nsim_fault_cell_t& cell) {
  return is(cell.unit, "tensor_op") || is(cell.unit, "compute") || is(cell.unit, "collectives");
}

void run_across(std::uint32_t by, Core& core, Others& others) {
  const auto lnc = static_cast<int>(by);
  for (const int queue : {0, 1}) {
    NRT_STATUS status = kUntouched;
    nrta_seq_t sequence = 0;
    REQUIRE(call_c_tensor_copy(core.job.x, 0, core.job.y, 0, core.buffer.size(), lnc, queue,
                               &status, &sequence) == NRT_SUCCESS);
    Client::wait(sequence);
    CHECK(status == NRT_SUCCESS);
    const Times times = times_of(sequence);
    others.times.push_back(times.ended - times.started);
  }
}

}  // namespace nsim::test
