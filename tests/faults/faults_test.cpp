// SPDX-License-Identifier: Apache-2.0
// Every fault point, on every kind of unit, at the first and at a later request: one status each,
// nothing lost.
#include <poll.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "tests/conformance/client.h"
#include "tests/support/fault_rows.h"

using nsim::test::Client;
using nsim::test::FaultRow;
using nsim::test::kFaults;

namespace {

constexpr nrta_xu_t kUnits[] = {NRTA_XU_TENSOR_READ, NRTA_XU_TENSOR_WRITE, NRTA_XU_TENSOR_OP,
                                NRTA_XU_COMPUTE};

NRT_STATUS schedule(nrta_xu_t xu, const Client::Job& job, char* byte, nrta_error_tracker_t* tracker,
                    nrta_seq_t* sequence) {
  switch (xu) {
    case NRTA_XU_TENSOR_READ:
      return nrta_tensor_read(byte, job.y, 0, 1, 0, tracker, sequence);
    case NRTA_XU_TENSOR_WRITE:
      return nrta_tensor_write(job.x, byte, 0, 1, 0, tracker, sequence);
    case NRTA_XU_TENSOR_OP:
      return nrta_tensor_copy(job.x, 0, job.y, 0, 4, 0, tracker, sequence);
    default:
      return Client::schedule(job, sequence, tracker);
  }
}

/// Four requests, one of which meets the fault; returns how each ended.
std::vector<NRT_STATUS> outcome(nrta_xu_t xu, const FaultRow& fault, std::uint64_t skip) {
  constexpr std::size_t kRequests = 4;
  Client client({{"NSIM_SET", "runtime.exec_timeout=100us"}});
  const Client::Job job = client.job();
  nrta_error_tracker_t* tracker = client.tracker();
  REQUIRE(nsim_hook_inject(0, xu, 0, fault.fault, skip) == NRT_SUCCESS);
  Client::pause(xu, true);
  char byte = 0;
  std::vector<nrta_seq_t> sequences(kRequests);
  for (nrta_seq_t& sequence : sequences) {
    REQUIRE(schedule(xu, job, &byte, tracker, &sequence) == NRT_SUCCESS);
  }
  Client::pause(xu, false);
  Client::wait(sequences.back());
  std::vector<NRT_STATUS> statuses(kRequests, NRT_SUCCESS);
  std::vector<int> entries(kRequests, 0);
  for (const nrta_error_t& error : Client::errors(tracker)) {
    const std::size_t index = error.seq_id - sequences.front();
    REQUIRE(index < kRequests);
    statuses[index] = static_cast<NRT_STATUS>(error.error_code);
    CHECK(++entries[index] == 1);
  }
  nrta_seq_t sequence = 0;
  CHECK(schedule(xu, job, &byte, tracker, &sequence) ==
        (fault.fatal ? NRT_EXEC_UNIT_UNRECOVERABLE : NRT_SUCCESS));
  return statuses;
}

}  // namespace

TEST_CASE(
    "every fault on every unit, at the first and at a later request, ends in its one status") {
  for (const nrta_xu_t xu : kUnits) {
    for (const FaultRow& fault : kFaults) {
      for (const std::uint64_t skip : {0, 2}) {
        INFO("unit " << xu << ", fault " << fault.fault << ", after " << skip);
        const std::vector<NRT_STATUS> statuses = outcome(xu, fault, skip);
        for (std::size_t i = 0; i < statuses.size(); ++i) {
          const bool behind = i > skip && fault.fatal;
          CHECK(statuses[i] == (i == skip ? fault.status
                                : behind  ? NRT_EXEC_UNIT_UNRECOVERABLE
                                          : NRT_SUCCESS));
        }
      }
    }
  }
}

TEST_CASE("a synchronous transfer is not touched by faults of the asynchronous units") {
  for (const FaultRow& fault : kFaults) {
    Client client({{"NSIM_SET", "runtime.exec_timeout=100us"}});
    const Client::Job job = client.job();
    REQUIRE(nsim_hook_inject(0, NRTA_XU_COMPUTE, 0, fault.fault, 0) == NRT_SUCCESS);
    CHECK(nrt_execute(job.model, job.inputs, job.outputs) == fault.status);
    Client::fill(job.x, 1);
    CHECK(Client::read(job.x).front() == 1.0F);
  }
}

TEST_CASE("a host asleep on a handle is woken by a hang, and by the requests flushed behind it") {
  Client client({{"NSIM_SET", "runtime.exec_timeout=100us"}});
  const Client::Job job = client.job();
  REQUIRE(nsim_hook_inject(0, NRTA_XU_COMPUTE, 0, NSIM_FAULT_HANG, 0) == NRT_SUCCESS);
  std::vector<pollfd> wanted;
  Client::pause(NRTA_XU_COMPUTE, true);
  for (int i = 0; i < 3; ++i) {
    int fd = -1;
    REQUIRE(nrta_get_completion_handle(Client::start(job), &fd) == NRT_SUCCESS);
    wanted.push_back({fd, POLLIN, 0});
  }
  Client::pause(NRTA_XU_COMPUTE, false);
  for (pollfd& each : wanted) {
    CHECK(poll(&each, 1, 20000) == 1);
    close(each.fd);
  }
}

TEST_CASE("hooks do nothing unless they are enabled") {
  const Client client({{"NSIM_HOOKS", "0"}});
  std::uint64_t now = 7;
  CHECK(nsim_hook_now(&now) == NRT_INVALID);
  CHECK(nsim_hook_inject(0, NRTA_XU_COMPUTE, 0, NSIM_FAULT_HANG, 0) == NRT_INVALID);
  CHECK(nsim_hook_pause(0, NRTA_XU_COMPUTE, 0, true) == NRT_INVALID);
  CHECK(now == 7);
}
