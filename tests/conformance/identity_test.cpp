// SPDX-License-Identifier: Apache-2.0
// R10..R20: identity and sequence ids.
#include <catch2/catch.hpp>
#include <set>

#include "tests/conformance/client.h"

using nsim::test::Client;

namespace {

struct Unit {
  nrta_xu_t xu;
  int queue;
};
/// Generation C has no units for reads and writes alone, and two more queues of collectives.
std::vector<Unit> units() {
  std::vector<Unit> all = {{NRTA_XU_TENSOR_OP, 0},
                           {NRTA_XU_TENSOR_OP, 1},
                           {NRTA_XU_COMPUTE, 0},
                           {NRTA_XU_COLLECTIVES, 0}};
  const std::vector<Unit> more =
      call_generation() == 'A'
          ? std::vector<Unit>{{NRTA_XU_TENSOR_READ, 0},
                              {NRTA_XU_TENSOR_READ, 1},
                              {NRTA_XU_TENSOR_WRITE, 0},
                              {NRTA_XU_TENSOR_WRITE, 1}}
          : std::vector<Unit>{{NRTA_XU_COLLECTIVES, 1}, {NRTA_XU_COLLECTIVES, 2}};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace

TEST_CASE("R10 every core, type and queue is a unit of its own, with its own numbering") {
  Client client;
  const Client::Job job = client.job();
  char byte = 0;
  nrta_seq_t first = 0;
  nrta_seq_t other = 0;
  Client::start(job);
  Client::start(job);
  REQUIRE(nrta_tensor_write(job.x, &byte, 0, 1, 0, nullptr, &first) == NRT_SUCCESS);
  REQUIRE(nrta_tensor_write(job.x, &byte, 0, 1, 1, nullptr, &other) == NRT_SUCCESS);
  CHECK(NRTA_SEQ_GET_SEQ_NUM(first) == 1);
  CHECK(NRTA_SEQ_GET_SEQ_NUM(other) == 1);
  Client::wait(first);
  Client::wait(other);
}

TEST_CASE("R11 the top 16 bits name the unit: equal within one, different between two") {
  Client client;
  std::set<nrta_xu_id_t> ids;
  for (std::uint32_t core = 0; core < 2; ++core) {
    for (const Unit& unit : units()) {
      ids.insert(NRTA_SEQ_GET_XU_ID(Client::completed(unit.xu, unit.queue, core)));
    }
  }
  CHECK(ids.size() == 2 * units().size());
  const Client::Job job = client.job();
  const nrta_seq_t first = Client::start(job);
  const nrta_seq_t second = Client::start(job);
  CHECK(NRTA_SEQ_GET_XU_ID(first) == NRTA_SEQ_GET_XU_ID(second));
  CHECK(NRTA_SEQ_GET_XU_ID(first) == NRTA_SEQ_GET_XU_ID(Client::completed(NRTA_XU_COMPUTE)));
}

TEST_CASE("R12 R13 numbers count up by one from one") {
  Client client;
  const Client::Job job = client.job();
  nrta_seq_t before = Client::completed(NRTA_XU_COMPUTE);
  CHECK(NRTA_SEQ_GET_SEQ_NUM(before) == 0);
  for (int i = 1; i <= 20; ++i) {
    const nrta_seq_t sequence = Client::start(job);
    CHECK(sequence == before + 1);
    before = sequence;
    Client::wait(sequence);
  }
}

TEST_CASE("R14 the id is written before the schedule call returns") {
  Client client;
  const Client::Job job = client.job();
  Client::pause(NRTA_XU_COMPUTE, true);
  nrta_seq_t sequence = 0;
  REQUIRE(Client::schedule(job, &sequence) == NRT_SUCCESS);
  CHECK(NRTA_SEQ_GET_SEQ_NUM(sequence) == 1);
}

TEST_CASE("R15 nrta_get_sequence before any completion gives the unit's id and number 0") {
  Client client;
  for (const Unit& unit : units()) {
    CHECK(NRTA_SEQ_GET_SEQ_NUM(Client::completed(unit.xu, unit.queue)) == 0);
  }
  const Client::Job job = client.job();
  const nrta_seq_t none = Client::completed(NRTA_XU_COMPUTE);
  CHECK(Client::start(job) == none + 1);
}

TEST_CASE("R16 nrta_get_sequence gives the last completed request and only grows") {
  Client client;
  const Client::Job job = client.job();
  nrta_seq_t last = 0;
  for (int i = 0; i < 10; ++i) {
    last = Client::start(job);
  }
  nrta_seq_t seen = Client::completed(NRTA_XU_COMPUTE);
  while (seen < last) {
    const nrta_seq_t next = Client::completed(NRTA_XU_COMPUTE);
    REQUIRE(next >= seen);
    REQUIRE(next <= last);
    seen = next;
  }
  CHECK(seen == last);
}

TEST_CASE("R17 nrta_get_sequence refuses units that do not exist and leaves the id alone") {
  const Client client;
  nrta_seq_t sequence = 99;
  CHECK(nrta_get_sequence(1000, NRTA_XU_COMPUTE, 0, &sequence) == NRT_INVALID);
  CHECK(nrta_get_sequence(0, NRTA_XU_TYPE_NUM, 0, &sequence) == NRT_INVALID);
  CHECK(nrta_get_sequence(0, NRTA_XU_COMPUTE, 1, &sequence) == NRT_INVALID);
  CHECK(nrta_get_sequence(0, NRTA_XU_TENSOR_OP, 2, &sequence) == NRT_INVALID);
  CHECK(nrta_get_sequence(0, NRTA_XU_COMPUTE, -1, &sequence) == NRT_INVALID);
  CHECK(sequence == 99);
  CHECK(nrta_get_sequence(0, NRTA_XU_COMPUTE, 0, nullptr) == NRT_INVALID);
}

TEST_CASE("R18 a refused schedule call writes no id and uses up no number") {
  Client client({{"NSIM_SET", "runtime.queue_depth=1"}});
  const Client::Job job = client.job();
  nrta_error_tracker_t* tracker = client.tracker();
  nrta_seq_t sequence = 99;
  CHECK(nrta_execute_schedule(job.model, job.outputs, job.outputs, 0, tracker, &sequence) ==
        NRT_INVALID);
  CHECK(nrta_execute_schedule(job.model, job.inputs, job.outputs, 1, tracker, &sequence) ==
        NRT_INVALID);
  CHECK(sequence == 99);
  Client::pause(NRTA_XU_COMPUTE, true);
  const nrta_seq_t accepted = Client::start(job, tracker);
  CHECK(NRTA_SEQ_GET_SEQ_NUM(accepted) == 1);
  CHECK(Client::schedule(job, &sequence, tracker) == NRT_QUEUE_FULL);
  CHECK(sequence == 99);
  Client::pause(NRTA_XU_COMPUTE, false);
  Client::wait(accepted);
  CHECK(Client::start(job, tracker) == accepted + 1);
  CHECK(Client::errors(tracker).empty());
}

TEST_CASE("R19 a request needs a place for its id, but no error tracker") {
  Client client;
  const Client::Job job = client.job();
  CHECK(Client::schedule(job, nullptr) == NRT_INVALID);
  REQUIRE(nsim_hook_inject(0, NRTA_XU_COMPUTE, 0, NSIM_FAULT_BAD_DESCRIPTOR, 0) == NRT_SUCCESS);
  const nrta_seq_t sequence = Client::start(job, nullptr);
  CHECK(NRTA_SEQ_GET_SEQ_NUM(sequence) == 1);
  Client::wait(sequence);
}

TEST_CASE("R20 numbers end at 48 bits and never wrap") {
  Client client;
  const Client::Job job = client.job();
  REQUIRE(nsim_hook_set_next_number(0, NRTA_XU_COMPUTE, 0, NRTA_SEQ_NUM_MAX) == NRT_SUCCESS);
  const nrta_seq_t last = Client::start(job);
  CHECK(NRTA_SEQ_GET_SEQ_NUM(last) == NRTA_SEQ_NUM_MAX);
  Client::wait(last);
  nrta_seq_t sequence = 5;
  CHECK(Client::schedule(job, &sequence) == NRT_RESOURCE);
  CHECK(sequence == 5);
}
