// SPDX-License-Identifier: Apache-2.0
// R68 and R4 for collectives, and the collectives of hosts.
#include <catch2/catch.hpp>
#include <thread>

#include "tests/conformance/ranks.h"

using namespace nsim::test;

TEST_CASE("R68 a rank that never comes is 1200 for those who wait, and their unit is degraded") {
  Client client({{"NSIM_SET", "runtime.collectives_timeout=1ms;clock.patience=20ms"}});
  join_all(2);
  nrt_tensor_t* x = client.tensor(64);
  Operation operation;
  nrt_cc_context_t* context = nullptr;
  nrt_cc_context_t* next = nullptr;
  REQUIRE(operation.prepare(0, 2, x, x, &context) == NRT_SUCCESS);
  REQUIRE(operation.prepare(0, 2, x, x, &next) == NRT_SUCCESS);
  nrta_error_tracker_t* tracker = client.tracker();
  nrta_seq_t sequence = 0;
  REQUIRE(nrta_cc_schedule(&context, 0, tracker, &sequence) == NRT_SUCCESS);
  Client::wait(sequence);
  CHECK(error_of(tracker, sequence) == NRT_EXEC_HW_ERR_COLLECTIVES);
  nrt_cc_context_t* const kept = next;
  CHECK(nrta_cc_schedule(&next, 0, tracker, &sequence) == NRT_EXEC_UNIT_UNRECOVERABLE);
  CHECK(next == kept);
  const Client::Job job = client.job();
  Client::wait(Client::start(job));
  CHECK(Client::read(job.y) == std::vector<float>(Client::bytes() / 4, 1));
}

TEST_CASE("R68 when a rank fails, it has its own error and those who wait have 1200") {
  Client client({{"NSIM_SET", "runtime.collectives_timeout=1ms;clock.patience=20ms"}});
  join_all(2);
  const bool on_the_way = GENERATE(true, false);
  const nsim_fault_t fault = on_the_way ? NSIM_FAULT_DMA_ABORT : NSIM_FAULT_SEMAPHORE_MISUSE;
  const NRT_STATUS own = on_the_way ? NRT_EXEC_HW_ERR_DMA_ABORT : NRT_EXEC_COMPLETED_WITH_ERR;
  const std::vector<nrt_tensor_t*> x = {client.tensor(6400, 0), client.tensor(6400, 1)};
  REQUIRE(nsim_hook_inject(1, NRTA_XU_COLLECTIVES, 0, fault, 0) == NRT_SUCCESS);
  CHECK(run_ranks({}, x, x) == std::vector<NRT_STATUS>{NRT_EXEC_HW_ERR_COLLECTIVES, own});
}

TEST_CASE("R68 ranks that mean different things are all told so, and go on") {
  Client client;
  join_all(2);
  const std::vector<nrt_tensor_t*> x = {client.tensor(64, 0), client.tensor(64, 1)};
  const std::vector<nrt_tensor_t*> uneven = {client.tensor(64, 0), client.tensor(128, 1)};
  const std::vector<NRT_STATUS> bad(2, NRT_EXEC_BAD_INPUT);
  const auto differ = [](auto what) {
    return [what](Operation& own, std::size_t rank) {
      if (rank == 1) {
        what(own);
      }
    };
  };
  CHECK(run_ranks({}, uneven, uneven) == bad);
  CHECK(run_ranks({}, x, x, differ([](Operation& own) { own.op = NRT_OP_MAX; })) == bad);
  CHECK(run_ranks({}, x, x, differ([](Operation& own) { own.dtype = NRT_DTYPE_FLOAT32; })) == bad);
  CHECK(run_ranks({}, x, x) == std::vector<NRT_STATUS>(2, NRT_SUCCESS));
}

TEST_CASE("R4 nrt_close does not wait for a rank that never comes") {
  nrta_seq_t sequence = 0;
  Client client;
  join_all(2);
  nrt_tensor_t* x = client.tensor(64);
  nrt_cc_context_t* context = nullptr;
  REQUIRE(Operation{}.prepare(0, 2, x, x, &context) == NRT_SUCCESS);
  REQUIRE(nrta_cc_schedule(&context, 0, nullptr, &sequence) == NRT_SUCCESS);
  REQUIRE(Operation{}.prepare(0, 2, x, x, &context) == NRT_SUCCESS);  // never scheduled
  nrt_close();
  CHECK(nrta_cc_schedule(&context, 0, nullptr, &sequence) == NRT_CLOSED);
}

TEST_CASE("hosts meet at a barrier and exchange what they have") {
  Client client;
  const std::uint32_t ranks = core_count();
  constexpr std::uint32_t kBytes = 1000;
  std::vector<NRT_STATUS> statuses(ranks, NRT_FAILURE);
  std::vector<std::vector<std::uint8_t>> results(ranks);
  std::vector<std::thread> threads;
  for (std::uint32_t rank = 0; rank < ranks; ++rank) {
    threads.emplace_back([&, rank] {
      const auto vnc = static_cast<std::int32_t>(rank);
      for (int round = 0; round < 5; ++round) {
        std::vector<std::uint8_t> mine(kBytes, static_cast<std::uint8_t>(rank + 10 * round));
        results[rank].assign(std::size_t{kBytes} * ranks, 0);
        statuses[rank] = nrt_barrier(vnc, rank, ranks);
        if (statuses[rank] == NRT_SUCCESS) {
          statuses[rank] =
              nrt_all_gather(vnc, rank, ranks, kBytes, mine.data(), results[rank].data());
        }
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(statuses == std::vector<NRT_STATUS>(ranks, NRT_SUCCESS));
  for (std::uint32_t rank = 0; rank < ranks; ++rank) {
    for (std::uint32_t from = 0; from < ranks; ++from) {
      CHECK(results[rank][std::size_t{from} * kBytes] == from + 40);
      CHECK(results[rank][std::size_t{from} * kBytes + kBytes - 1] == from + 40);
    }
  }
}

TEST_CASE("a barrier that a rank never comes to ends, other units do not notice") {
  Client client({{"NSIM_SET", "runtime.collectives_timeout=1ms;clock.patience=20ms"}});
  CHECK(nrt_barrier(0, 0, 2) == NRT_EXEC_HW_ERR_COLLECTIVES);
  CHECK(nrt_barrier(0, 0, 2) == NRT_EXEC_UNIT_UNRECOVERABLE);
  CHECK(nrt_barrier(0, 1, 2) == NRT_INVALID);
  Client::fill(client.tensor(64), 1);
}

TEST_CASE("models with collectives take their rank from the load") {
  Client client;
  const std::vector<std::byte> neff = Client::container();
  nrt_model_t* first = nullptr;
  nrt_model_t* second = nullptr;
  REQUIRE(nrt_load_collectives(neff.data(), neff.size(), 0, -1, 0, 2, &first) == NRT_SUCCESS);
  CHECK(nrt_load_collectives(neff.data(), neff.size(), 1, -1, 0, 2, &second) == NRT_INVALID);
  CHECK(second == nullptr);
  CHECK(nrt_load_collectives(neff.data(), neff.size(), 1, -1, 1, 2, &second) == NRT_SUCCESS);
}
