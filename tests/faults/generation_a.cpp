// SPDX-License-Identifier: Apache-2.0
#include <poll.h>
#include <unistd.h>

#include <map>

#include "tests/faults/generation.h"

namespace nsim::test {

struct Reports::Ways {
  nrta_error_tracker_t* tracker = nullptr;
  std::map<nrta_seq_t, int> handles;

  ~Ways() {
    for (const auto& [sequence, fd] : handles) {
      close(fd);
    }
  }
};

Reports::Reports(std::uint32_t core, int queue) : ways_(std::make_unique<Ways>()) {
  REQUIRE(queue == 0);
  REQUIRE(nrta_error_tracker_create(core, &ways_->tracker) == NRT_SUCCESS);
}

Reports::~Reports() = default;
Reports::Reports(Reports&&) noexcept = default;

NRT_STATUS Reports::schedule(nrt_cc_context_t** context, nrta_seq_t* sequence) {
  const NRT_STATUS status = nrta_cc_schedule(context, 0, ways_->tracker, sequence);
  if (status == NRT_SUCCESS) {
    int fd = -1;
    REQUIRE(nrta_get_completion_handle(*sequence, &fd) == NRT_SUCCESS);
    ways_->handles.emplace(*sequence, fd);
  }
  return status;
}

NRT_STATUS Reports::end_of(nrta_seq_t sequence) {
  Client::wait(sequence);
  pollfd wanted{ways_->handles.at(sequence), POLLIN, 0};
  CHECK(poll(&wanted, 1, 20000) == 1);
  for (const nrta_error_t& error : Client::errors(ways_->tracker)) {
    if (error.seq_id == sequence) {
      return static_cast<NRT_STATUS>(error.error_code);
    }
  }
  return NRT_SUCCESS;
}

void Reports::check() const {
  std::map<nrta_seq_t, int> entries;
  for (const nrta_error_t& error : Client::errors(ways_->tracker)) {
    CHECK(ways_->handles.count(error.seq_id) == 1);
    CHECK(++entries[error.seq_id] == 1);
  }
}

int collectives_queues() {
  return 1;
}

/// Tensor-op units only copy from one tensor to another.
bool occurs(const nsim_fault_cell_t& cell) {
  return !is(cell.unit, "tensor_op") || operation_for(cell) == "tensor_op";
}

void run_across(std::uint32_t, Core&, Others&) {}

}  // namespace nsim::test
