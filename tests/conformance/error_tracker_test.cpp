// SPDX-License-Identifier: Apache-2.0
// R44..R50: the status of requests and error trackers.
#include <catch2/catch.hpp>

#include "tests/conformance/client.h"

using nsim::test::Client;

namespace {

void fail_next(nsim_fault_t fault, std::uint64_t skip = 0) {
  REQUIRE(nsim_hook_inject(0, NRTA_XU_COMPUTE, 0, fault, skip) == NRT_SUCCESS);
}

}  // namespace

TEST_CASE(
    "R44 R45 accepting a request says nothing about its execution, refusing it adds no error") {
  Client client;
  const Client::Job job = client.job();
  nrta_error_tracker_t* tracker = client.tracker();
  nrta_seq_t sequence = 0;
  CHECK(nrta_execute_schedule(job.model, job.inputs, job.inputs, 0, tracker, &sequence) ==
        NRT_INVALID);
  CHECK(Client::errors(tracker).empty());
  fail_next(NSIM_FAULT_OUT_OF_BOUNDS);
  Client::pause(NRTA_XU_COMPUTE, true);
  CHECK(Client::schedule(job, &sequence, tracker) == NRT_SUCCESS);
  CHECK(Client::errors(tracker).empty());
  Client::pause(NRTA_XU_COMPUTE, false);
  Client::wait(sequence);
  CHECK(Client::errors(tracker).size() == 1);
}

TEST_CASE("R46 a failed request adds one entry with its id and code, a good one none") {
  Client client;
  const Client::Job job = client.job();
  nrta_error_tracker_t* tracker = client.tracker();
  fail_next(NSIM_FAULT_NUMERICAL_NAN, 1);
  const nrta_seq_t good = Client::start(job, tracker);
  const nrta_seq_t bad = Client::start(job, tracker);
  const nrta_seq_t last = Client::start(job, tracker);
  Client::wait(last);
  const std::vector<nrta_error_t> errors = Client::errors(tracker);
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].seq_id == bad);
  CHECK(errors[0].error_code == NRT_EXEC_COMPLETED_WITH_NUM_ERR);
  CHECK(good < bad);
}

TEST_CASE("R47 one tracker serves all units of its core") {
  Client client;
  const Client::Job job = client.job();
  nrta_error_tracker_t* tracker = client.tracker(0);
  REQUIRE(nsim_hook_inject(0, NRTA_XU_TENSOR_WRITE, 1, NSIM_FAULT_BAD_DESCRIPTOR, 0) ==
          NRT_SUCCESS);
  fail_next(NSIM_FAULT_OUT_OF_BOUNDS);
  char byte = 0;
  nrta_seq_t write = 0;
  REQUIRE(nrta_tensor_write(job.x, &byte, 0, 1, 1, tracker, &write) == NRT_SUCCESS);
  Client::wait(write);
  const nrta_seq_t execution = Client::start(job, tracker);
  Client::wait(execution);
  const std::vector<nrta_error_t> errors = Client::errors(tracker);
  REQUIRE(errors.size() == 2);
  CHECK(errors[0].seq_id == write);
  CHECK(errors[1].seq_id == execution);
}

TEST_CASE("R47 a tracker is refused by units of another core", "[A]") {
  Client client;
  const Client::Job job = client.job();
  nrta_error_tracker_t* elsewhere = client.tracker(1);
  nrta_seq_t sequence = 0;
  CHECK(Client::schedule(job, &sequence, elsewhere) == NRT_INVALID);
  CHECK(sequence == 0);
}

TEST_CASE(
    "R48 the list holds everything so far in order of completion, and reading it clears nothing") {
  Client client;
  const Client::Job job = client.job();
  nrta_error_tracker_t* tracker = client.tracker();
  CHECK(Client::errors(tracker).empty());
  std::vector<nrta_seq_t> failed;
  for (std::size_t i = 1; i <= 4; ++i) {
    fail_next(NSIM_FAULT_OUT_OF_BOUNDS);
    failed.push_back(Client::start(job, tracker));
    Client::wait(failed.back());
    const std::vector<nrta_error_t> errors = Client::errors(tracker);
    REQUIRE(errors.size() == i);
    for (std::size_t each = 0; each < i; ++each) {
      CHECK(errors[each].seq_id == failed[each]);
    }
  }
}

TEST_CASE("R48 a list needs a tracker and two places for its result", "[A]") {
  Client client;
  nrta_error_tracker_t* tracker = client.tracker();
  const nrta_error_t* list = nullptr;
  std::size_t count = 0;
  CHECK(nrta_error_tracker_get_list(tracker, nullptr, &count) == NRT_INVALID);
  CHECK(nrta_error_tracker_get_list(tracker, &list, nullptr) == NRT_INVALID);
  CHECK(nrta_error_tracker_get_list(nullptr, &list, &count) == NRT_INVALID);
}

TEST_CASE("R49 destroying a tracker is safe: NULL, twice, and with requests in flight", "[A]") {
  Client client;
  const Client::Job job = client.job();
  nrta_error_tracker_destroy(nullptr);
  nrta_error_tracker_t* tracker = client.tracker();
  fail_next(NSIM_FAULT_OUT_OF_BOUNDS);
  Client::pause(NRTA_XU_COMPUTE, true);
  const nrta_seq_t sequence = Client::start(job, tracker);
  nrta_error_tracker_destroy(tracker);
  nrta_error_tracker_destroy(tracker);
  Client::pause(NRTA_XU_COMPUTE, false);
  Client::wait(sequence);
  const nrta_error_t* list = nullptr;
  std::size_t count = 0;
  CHECK(nrta_error_tracker_get_list(tracker, &list, &count) == NRT_INVALID_HANDLE);
  nrta_error_tracker_t* none = nullptr;
  CHECK(nrta_error_tracker_create(1000, &none) == NRT_INVALID);
  CHECK(nrta_error_tracker_create(0, nullptr) == NRT_INVALID);
  CHECK(none == nullptr);
}

TEST_CASE("R50 the entry is there no later than the request is reported complete") {
  Client client;
  const Client::Job job = client.job();
  nrta_error_tracker_t* tracker = client.tracker();
  for (std::size_t i = 1; i <= 30; ++i) {
    fail_next(NSIM_FAULT_OUT_OF_BOUNDS);
    const nrta_seq_t sequence = Client::start(job, tracker);
    bool done = false;
    while (!done) {
      REQUIRE(nrta_is_completed(sequence, &done) == NRT_SUCCESS);
    }
    REQUIRE(Client::errors(tracker).size() == i);
  }
}
