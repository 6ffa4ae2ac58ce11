// SPDX-License-Identifier: Apache-2.0
// R4, R38..R43: what events of the client get, and when (generation C).
#include <catch2/catch.hpp>

#include "tests/conformance/generation_c/event.h"

using namespace nsim::test;

TEST_CASE("R38 an event gets 1 when its request completes, and nothing before or after") {
  Client client;
  const Client::Job job = client.job();
  const Event event;
  Client::pause(NRTA_XU_COMPUTE, true);
  Client::start(job);
  const nrta_seq_t sequence = Client::start(job);
  const nrta_seq_t last = Client::start(job);
  REQUIRE(watch(sequence, event.fd) == NRT_SUCCESS);
  CHECK_FALSE(event.readable(20));
  Client::pause(NRTA_XU_COMPUTE, false);
  CHECK(event.take(1) == 1);
  Client::wait(last);
  CHECK_FALSE(event.readable(0));
}

TEST_CASE("R38 the event of a complete request gets 1 at once, at every registration") {
  Client client;
  const nrta_seq_t sequence = Client::start(client.job());
  Client::wait(sequence);
  const Event event;
  REQUIRE(watch(sequence, event.fd) == NRT_SUCCESS);
  CHECK(event.take() == 1);
  REQUIRE(watch(sequence, event.fd) == NRT_SUCCESS);
  REQUIRE(watch(sequence, event.fd) == NRT_SUCCESS);
  CHECK(event.take() == 2);
  CHECK(watch(sequence, -1) == NRT_SUCCESS);
  CHECK(event.take() == 0);
}

TEST_CASE("R39 a unit's event gets 1 for each completion from its registration on") {
  Client client;
  const Client::Job job = client.job();
  Client::wait(Client::start(job));
  const Event first;
  REQUIRE(watch_compute(first.fd) == NRT_SUCCESS);
  CHECK(first.take() == 0);
  for (int i = 0; i < 5; ++i) {
    Client::wait(Client::start(job));
  }
  CHECK(first.take(5) == 5);
  const Event second;
  REQUIRE(watch_compute(second.fd) == NRT_SUCCESS);
  for (int i = 0; i < 3; ++i) {
    Client::wait(Client::start(job));
  }
  CHECK(first.take() == 0);
  CHECK(second.take(3) == 3);
  REQUIRE(watch_compute(-1) == NRT_SUCCESS);
  Client::wait(Client::start(job));
  CHECK(second.take() == 0);
}

TEST_CASE("R40 whoever is woken by an event sees the completion, its status and its data") {
  Client client;
  const Client::Job job = client.job();
  const Event event;
  REQUIRE(watch_compute(event.fd) == NRT_SUCCESS);
  for (int round = 1; round <= 20; ++round) {
    Client::fill(job.x, static_cast<float>(round));
    NRT_STATUS status = NRT_QUEUE_EMPTY;
    nrta_seq_t sequence = 0;
    REQUIRE(call_c_execute_schedule(job.model, job.inputs, job.outputs, 0, &status, &sequence) ==
            NRT_SUCCESS);
    REQUIRE(event.take(1) == 1);
    // First, for the thread sanitizer, which does not know that both ends are one eventfd.
    REQUIRE(Client::completed(NRTA_XU_COMPUTE) == sequence);
    REQUIRE(status == NRT_SUCCESS);
    const auto* data = static_cast<const float*>(nrt_tensor_get_va(job.y));
    REQUIRE(data[0] == static_cast<float>(round) + 1);
  }
}

TEST_CASE("R41 a full event keeps its count and holds nothing up, blocking or not") {
  Client client;
  const Client::Job job = client.job();
  const int flags = GENERATE(0, EFD_NONBLOCK);
  const Event event(flags);
  constexpr std::uint64_t kFull = UINT64_MAX - 1;
  event.add(kFull - 1);
  REQUIRE(watch_compute(event.fd) == NRT_SUCCESS);
  nrta_seq_t last = 0;
  for (int i = 0; i < 4; ++i) {
    last = Client::start(job);
    REQUIRE(watch(last, event.fd) == NRT_SUCCESS);
  }
  Client::wait(last);
  CHECK(event.take() == kFull);
  Client::wait(Client::start(job));
  CHECK(event.take(1) == 1);
}

TEST_CASE("R42 failed and flushed requests signal their events like good ones") {
  Client client;
  const Client::Job job = client.job();
  const Event event;
  const Event each;
  REQUIRE(watch_compute(event.fd) == NRT_SUCCESS);
  REQUIRE(nsim_hook_inject(0, NRTA_XU_COMPUTE, 0, NSIM_FAULT_OUT_OF_BOUNDS, 0) == NRT_SUCCESS);
  REQUIRE(nsim_hook_inject(0, NRTA_XU_COMPUTE, 0, NSIM_FAULT_DMA_ABORT, 1) == NRT_SUCCESS);
  Client::pause(NRTA_XU_COMPUTE, true);
  NRT_STATUS statuses[4] = {NRT_QUEUE_EMPTY, NRT_QUEUE_EMPTY, NRT_QUEUE_EMPTY, NRT_QUEUE_EMPTY};
  for (NRT_STATUS& status : statuses) {
    nrta_seq_t sequence = 0;
    REQUIRE(call_c_execute_schedule(job.model, job.inputs, job.outputs, 0, &status, &sequence) ==
            NRT_SUCCESS);
    REQUIRE(watch(sequence, each.fd) == NRT_SUCCESS);
  }
  Client::pause(NRTA_XU_COMPUTE, false);
  CHECK(event.take(4) == 4);
  CHECK(each.take(4) == 4);
  // Also for the thread sanitizer, which does not know that both ends are one eventfd.
  CHECK(NRTA_SEQ_GET_SEQ_NUM(Client::completed(NRTA_XU_COMPUTE)) == 4);
  CHECK(statuses[0] == NRT_EXEC_OOB);
  CHECK(statuses[1] == NRT_EXEC_HW_ERR_DMA_ABORT);
  CHECK(statuses[2] == NRT_EXEC_UNIT_UNRECOVERABLE);
  CHECK(statuses[3] == NRT_EXEC_UNIT_UNRECOVERABLE);
}

TEST_CASE("R4 R42 nrt_close cancels what is queued: status and event are there when it returns") {
  Client client;
  const Client::Job job = client.job();
  const Event event;
  const Event each;
  REQUIRE(watch_compute(event.fd) == NRT_SUCCESS);
  Client::pause(NRTA_XU_COMPUTE, true);
  NRT_STATUS statuses[3] = {NRT_QUEUE_EMPTY, NRT_QUEUE_EMPTY, NRT_QUEUE_EMPTY};
  for (NRT_STATUS& status : statuses) {
    nrta_seq_t sequence = 0;
    REQUIRE(call_c_execute_schedule(job.model, job.inputs, job.outputs, 0, &status, &sequence) ==
            NRT_SUCCESS);
    REQUIRE(watch(sequence, each.fd) == NRT_SUCCESS);
  }
  nrt_close();
  CHECK(event.take() == 3);
  CHECK(each.take() == 3);
  for (const NRT_STATUS status : statuses) {
    CHECK((status == NRT_CLOSED || status == NRT_SUCCESS));
  }
  CHECK(statuses[2] == NRT_CLOSED);
  CHECK(watch_compute(event.fd) == NRT_CLOSED);
  CHECK(watch(1, event.fd) == NRT_CLOSED);
}

TEST_CASE("R43 one wake-up may stand for several completions: the sequence tells how many") {
  Client client;
  const Client::Job job = client.job();
  const Event event;
  REQUIRE(watch_compute(event.fd) == NRT_SUCCESS);
  nrta_seq_t last = 0;
  for (int i = 0; i < 8; ++i) {
    last = Client::start(job);
  }
  nrta_seq_t seen = 0;
  std::uint64_t counted = 0;
  while (seen < last) {
    REQUIRE(event.readable(20000));
    counted += event.take();
    seen = Client::completed(NRTA_XU_COMPUTE);
    REQUIRE(NRTA_SEQ_GET_SEQ_NUM(seen) >= counted);
  }
  CHECK(counted + event.take() == 8);
}

TEST_CASE("R38 R39 a host that sleeps on events finds the same times in every run (step clock)") {
  const auto run = [] {
    // Long enough for a machine that holds the host up between two calls.
    Client client({{"NSIM_CLOCK", "step"}, {"NSIM_SET", "clock.grace=1s"}});
    const Client::Job job = client.job();
    const Event of_unit;
    const Event of_last;
    REQUIRE(watch_compute(of_unit.fd) == NRT_SUCCESS);
    Client::start(job);
    REQUIRE(watch(Client::start(job), of_last.fd) == NRT_SUCCESS);
    REQUIRE(of_last.take(1) == 1);
    REQUIRE(of_unit.take(2) == 2);
    Client::completed(NRTA_XU_COMPUTE);
    std::uint64_t time = 0;
    REQUIRE(nsim_hook_now(&time) == NRT_SUCCESS);
    return time;
  };
  const std::uint64_t once = run();
  CHECK(once == run());
}
