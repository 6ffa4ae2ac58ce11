// SPDX-License-Identifier: Apache-2.0
#include "runtime/unit_queue.h"

#include <catch2/catch.hpp>
#include <random>

using namespace nsim;
using namespace nsim::rt;

namespace {

constexpr nrta_xu_id_t kId = 0x1234;

NRT_STATUS accept(UnitQueue& queue, nrta_seq_t* sequence) {
  auto request = std::make_unique<Request>("test");
  return queue.accept(request, sequence);
}

}  // namespace

TEST_CASE("accepted requests are numbered from one under the unit's id") {
  UnitQueue queue({}, kId, 4);
  nrta_seq_t sequence = 0;
  REQUIRE(accept(queue, &sequence) == NRT_SUCCESS);
  CHECK(NRTA_SEQ_GET_XU_ID(sequence) == kId);
  CHECK(NRTA_SEQ_GET_SEQ_NUM(sequence) == 1);
  CHECK(queue.was_issued(1));
  CHECK_FALSE(queue.was_issued(0));
  CHECK_FALSE(queue.was_issued(2));
  CHECK(queue.outstanding());
  CHECK(NRTA_SEQ_GET_SEQ_NUM(queue.last_completed()) == 0);
}

TEST_CASE("a refused request stays with the caller and its id is not written") {
  UnitQueue queue({}, kId, 1);
  nrta_seq_t sequence = 0;
  REQUIRE(accept(queue, &sequence) == NRT_SUCCESS);
  auto request = std::make_unique<Request>("test");
  nrta_seq_t untouched = 42;
  CHECK(queue.accept(request, &untouched) == NRT_QUEUE_FULL);
  CHECK(request != nullptr);
  CHECK(untouched == 42);
  queue.degrade();
  CHECK(queue.accept(request, &untouched) == NRT_EXEC_UNIT_UNRECOVERABLE);
  CHECK(untouched == 42);
}

TEST_CASE("a closed queue accepts nothing more, and what it has comes out") {
  UnitQueue queue({}, kId, 4);
  nrta_seq_t sequence = 0;
  REQUIRE(accept(queue, &sequence) == NRT_SUCCESS);
  queue.close();
  nrta_seq_t untouched = 42;
  CHECK(accept(queue, &untouched) == NRT_CLOSED);
  CHECK(untouched == 42);
  queue.degrade();
  CHECK(accept(queue, &untouched) == NRT_CLOSED);
  UnitQueue::Requests pending;
  queue.take_pending(pending);
  CHECK(pending.size() == 1);
}

TEST_CASE("pending requests come out in order, and not while the queue is paused") {
  UnitQueue queue({}, kId, 4);
  nrta_seq_t sequence = 0;
  accept(queue, &sequence);
  accept(queue, &sequence);
  queue.pause(true);
  UnitQueue::Requests pending;
  queue.take_pending(pending);
  CHECK(pending.empty());
  queue.pause(false);
  queue.take_pending(pending);
  REQUIRE(pending.size() == 2);
  CHECK(pending[0]->number() == 1);
  CHECK(pending[1]->number() == 2);
  UnitQueue::Requests more;
  queue.take_pending(more);
  CHECK(more.empty());
}

TEST_CASE("only the first request after a doorbell ran needs another one") {
  UnitQueue queue({}, kId, 4);
  nrta_seq_t sequence = 0;
  accept(queue, &sequence);
  CHECK(queue.needs_doorbell());
  accept(queue, &sequence);
  CHECK_FALSE(queue.needs_doorbell());
  UnitQueue::Requests pending;
  queue.take_pending(pending);
  CHECK(pending.size() == 2);
  accept(queue, &sequence);
  CHECK(queue.needs_doorbell());
}

TEST_CASE("the queue behaves like a counter of accepted and completed requests, whatever happens") {
  for (unsigned seed = 0; seed < 20; ++seed) {
    std::mt19937 random(seed);
    const std::uint64_t depth = 1 + random() % 5;
    UnitQueue queue({}, kId, static_cast<std::int64_t>(depth));
    std::uint64_t issued = 0;
    std::uint64_t completed = 0;
    for (int step = 0; step < 300; ++step) {
      if (random() % 2 == 0) {
        nrta_seq_t sequence = 0;
        const bool full = issued - completed == depth;
        REQUIRE(accept(queue, &sequence) == (full ? NRT_QUEUE_FULL : NRT_SUCCESS));
        issued += full ? 0 : 1;
        REQUIRE(NRTA_SEQ_GET_SEQ_NUM(sequence) == (full ? 0 : issued));
      } else if (completed < issued) {
        queue.complete(++completed);
      }
      REQUIRE(queue.completed() == completed);
      REQUIRE(queue.outstanding() == (issued != completed));
    }
  }
}
