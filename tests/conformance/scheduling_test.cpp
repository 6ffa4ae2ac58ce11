// SPDX-License-Identifier: Apache-2.0
// R21..R32, R79: scheduling and order.
#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "tests/conformance/client.h"

using nsim::test::Client;

TEST_CASE("R21 R23 schedule calls return while the device stands still, 63 times by default") {
  Client client;
  const Client::Job job = client.job();
  Client::pause(NRTA_XU_COMPUTE, true);
  nrta_seq_t sequence = 0;
  int accepted = 0;
  while (Client::schedule(job, &sequence) == NRT_SUCCESS) {
    ++accepted;
  }
  CHECK(accepted == 63);
}

TEST_CASE("R22 a full queue says so, and takes a request again after a completion") {
  const int depth = GENERATE(1, 2, 7);
  Client client({{"NSIM_SET", "runtime.queue_depth=" + std::to_string(depth)}});
  const Client::Job job = client.job();
  Client::pause(NRTA_XU_COMPUTE, true);
  const nrta_seq_t first = Client::start(job);
  for (int i = 1; i < depth; ++i) {
    Client::start(job);
  }
  nrta_seq_t sequence = 0;
  CHECK(Client::schedule(job, &sequence) == NRT_QUEUE_FULL);
  CHECK(Client::schedule(job, &sequence) == NRT_QUEUE_FULL);
  Client::pause(NRTA_XU_COMPUTE, false);
  Client::wait(first);
  CHECK(Client::schedule(job, &sequence) == NRT_SUCCESS);
  CHECK(sequence == first + static_cast<nrta_seq_t>(depth));
}

TEST_CASE("R22 a host that only tries again gets through in the end") {
  Client client({{"NSIM_SET", "runtime.queue_depth=1"}});
  const Client::Job job = client.job();
  nrta_seq_t sequence = 0;
  for (int i = 0; i < 5; ++i) {
    NRT_STATUS status = NRT_QUEUE_FULL;
    while (status == NRT_QUEUE_FULL) {
      status = Client::schedule(job, &sequence);
    }
    REQUIRE(status == NRT_SUCCESS);
  }
  CHECK(NRTA_SEQ_GET_SEQ_NUM(sequence) == 5);
}

TEST_CASE("R24 R27 requests of one unit run one after the other and see what the ones before did") {
  Client client;
  const Client::Job there = client.job();
  const Client::Job back = client.reversed(there);
  nrta_seq_t last = 0;
  for (int i = 0; i < 31; ++i) {
    last = Client::start(i % 2 == 0 ? there : back);
  }
  Client::wait(last);
  CHECK(Client::read(there.y) == std::vector<float>(Client::bytes() / sizeof(float), 31.0F));
  CHECK(Client::read(there.x) == std::vector<float>(Client::bytes() / sizeof(float), 30.0F));
}

TEST_CASE("R25 units do not wait for each other") {
  Client client;
  const Client::Job job = client.job();
  Client::pause(NRTA_XU_COMPUTE, true);
  Client::pause(NRTA_XU_TENSOR_WRITE, true, 0);
  const nrta_seq_t execution = Client::start(job);
  char byte = 0;
  nrta_seq_t held = 0;
  nrta_seq_t write = 0;
  nrta_seq_t read = 0;
  REQUIRE(nrta_tensor_write(job.x, &byte, 0, 1, 0, nullptr, &held) == NRT_SUCCESS);
  REQUIRE(nrta_tensor_write(job.x, &byte, 0, 1, 1, nullptr, &write) == NRT_SUCCESS);
  REQUIRE(nrta_tensor_read(&byte, job.x, 0, 1, 1, nullptr, &read) == NRT_SUCCESS);
  Client::wait(write);
  Client::wait(read);
  bool done = true;
  CHECK(nrta_is_completed(execution, &done) == NRT_SUCCESS);
  CHECK_FALSE(done);
  CHECK(nrta_is_completed(held, &done) == NRT_SUCCESS);
  CHECK_FALSE(done);
}

TEST_CASE("R25 transfers and executions overlap in simulated time") {
  Client client;
  const Client::Job job = client.job(0, 64);
  const std::size_t bytes = Client::bytes(64);
  nrt_tensor_t* other = client.tensor(bytes);
  std::vector<char> data(bytes);
  const auto now = [] {
    std::uint64_t time = 0;
    REQUIRE(nsim_hook_now(&time) == NRT_SUCCESS);
    return time;
  };
  const auto timed = [&](bool execute, bool write) {
    nrta_seq_t execution = 0;
    nrta_seq_t transfer = 0;
    const std::uint64_t start = now();
    if (execute) {
      execution = Client::start(job);
    }
    if (write) {
      REQUIRE(nrta_tensor_write(other, data.data(), 0, bytes, 0, nullptr, &transfer) ==
              NRT_SUCCESS);
      Client::wait(transfer);
    }
    if (execute) {
      Client::wait(execution);
    }
    return now() - start;
  };
  timed(true, true);
  const std::uint64_t alone = timed(true, false) + timed(false, true);
  // With a free clock the device does not wait for a host thread that is held up between its two
  // calls: then nothing is left to overlap, and it tries again.
  bool overlapped = false;
  for (int attempt = 0; attempt < 20 && !overlapped; ++attempt) {
    overlapped = timed(true, true) < alone;
  }
  CHECK(overlapped);
}

TEST_CASE("R26 what a completed request wrote is seen by every later one, on any unit") {
  Client client;
  const Client::Job job = client.job();
  const std::size_t size = Client::bytes();
  nrt_tensor_t* copy = client.tensor(size);
  for (int round = 0; round < 5; ++round) {
    const std::vector<float> given(size / sizeof(float), static_cast<float>(round));
    std::vector<float> taken(given.size());
    nrta_seq_t sequence = 0;
    REQUIRE(nrta_tensor_write(job.x, given.data(), 0, size, 0, nullptr, &sequence) == NRT_SUCCESS);
    Client::wait(sequence);
    Client::wait(Client::start(job));
    REQUIRE(nrta_tensor_copy(job.y, 0, copy, 0, size, 1, nullptr, &sequence) == NRT_SUCCESS);
    Client::wait(sequence);
    REQUIRE(nrta_tensor_read(taken.data(), copy, 0, size, 1, nullptr, &sequence) == NRT_SUCCESS);
    Client::wait(sequence);
    CHECK(taken == std::vector<float>(given.size(), static_cast<float>(round) + 1));
  }
}

TEST_CASE("R28 two models of one core take turns in the order of their requests") {
  Client client;
  const Client::Job first = client.job();
  Client::Job second = client.reversed(first);
  second.model = client.load();
  nrta_seq_t last = 0;
  for (int i = 0; i < 10; ++i) {
    Client::start(first);
    last = Client::start(second);
  }
  Client::wait(last);
  CHECK(Client::read(first.x).front() == 20.0F);
}

TEST_CASE("R29 a synchronous execution runs behind what is queued") {
  Client client;
  const Client::Job there = client.job();
  const Client::Job back = client.reversed(there);
  for (int i = 0; i < 6; ++i) {
    Client::start(i % 2 == 0 ? there : back);
  }
  REQUIRE(nrt_execute(there.model, there.inputs, there.outputs) == NRT_SUCCESS);
  CHECK(Client::read(there.y).back() == 7.0F);
  CHECK(NRTA_SEQ_GET_SEQ_NUM(Client::completed(NRTA_XU_COMPUTE)) == 7);
}

TEST_CASE("R29 a synchronous execution waits for room in a full queue") {
  Client client({{"NSIM_SET", "runtime.queue_depth=1"}});
  const Client::Job job = client.job();
  Client::start(job);
  CHECK(nrt_execute(job.model, job.inputs, job.outputs) == NRT_SUCCESS);
}

TEST_CASE("R29 synchronous transfers do not wait for queued requests that use the tensor") {
  Client client;
  const Client::Job job = client.job();
  Client::pause(NRTA_XU_COMPUTE, true);
  Client::start(job);
  Client::fill(job.x, 3);
  CHECK(Client::read(job.x).front() == 3.0F);
}

TEST_CASE("R29 a synchronous read waits for the executions under way, not for those that follow") {
  constexpr int kEnough = 3000;
  Client client;
  const std::vector<Client::Job> jobs = {client.job(0, 4), client.job(0, 4)};
  std::atomic<int> runs{0};
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (const Client::Job& job : jobs) {
    Client::Job shared = job;
    shared.inputs = jobs[0].inputs;
    threads.emplace_back([shared, &runs, &stop] {
      while (!stop && runs < kEnough) {
        nrt_execute(shared.model, shared.inputs, shared.outputs);
        ++runs;
      }
    });
  }
  while (runs < 4) {
    usleep(10);
  }
  float value = 1;
  CHECK(nrt_tensor_read(jobs[0].x, &value, 0, sizeof value) == NRT_SUCCESS);
  CHECK(runs < kEnough);
  stop = true;
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(value == 0);
}

TEST_CASE("R30 a request for the implicit asynchronous mode changes nothing") {
  Client client({{"NEURON_RT_ASYNC_EXEC_MAX_INFLIGHT_REQUESTS", "4"}});
  const Client::Job job = client.job();
  REQUIRE(nrt_execute(job.model, job.inputs, job.outputs) == NRT_SUCCESS);
  CHECK(NRTA_SEQ_GET_SEQ_NUM(Client::completed(NRTA_XU_COMPUTE)) == 1);
  CHECK(static_cast<const float*>(nrt_tensor_get_va(job.y))[0] == 1.0F);
}

TEST_CASE("R32 units make progress while the host sleeps on a descriptor and calls nothing") {
  Client client;
  const Client::Job job = client.job();
  nrta_seq_t last = 0;
  for (int i = 0; i < 3; ++i) {
    last = Client::start(job);
  }
  int fd = -1;
  REQUIRE(nrta_get_completion_handle(last, &fd) == NRT_SUCCESS);
  pollfd wanted{fd, POLLIN, 0};
  CHECK(poll(&wanted, 1, 30000) == 1);
  close(fd);
  CHECK(static_cast<const float*>(nrt_tensor_get_va(job.y))[0] == 1.0F);
}

TEST_CASE("R79 threads may execute one model at the same time") {
  Client client;
  nrt_model_t* const model = client.load();
  std::vector<Client::Job> jobs;
  for (int t = 0; t < 4; ++t) {
    Client::Job job = client.job();
    REQUIRE(nrt_unload(job.model) == NRT_SUCCESS);
    job.model = model;
    Client::fill(job.x, static_cast<float>(t));
    jobs.push_back(job);
  }
  std::vector<NRT_STATUS> statuses(jobs.size(), NRT_FAILURE);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < jobs.size(); ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 5; ++i) {
        statuses[t] = nrt_execute(jobs[t].model, jobs[t].inputs, jobs[t].outputs);
        if (statuses[t] != NRT_SUCCESS) {
          return;
        }
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  for (std::size_t t = 0; t < jobs.size(); ++t) {
    CHECK(statuses[t] == NRT_SUCCESS);
    CHECK(Client::read(jobs[t].y).back() == static_cast<float>(t) + 1);
  }
  CHECK(NRTA_SEQ_GET_SEQ_NUM(Client::completed(NRTA_XU_COMPUTE)) == 20);
}

TEST_CASE("R31 threads that schedule on one unit each get ids of their own") {
  Client client({{"NSIM_SET", "runtime.queue_depth=400"}});
  const Client::Job job = client.job();
  constexpr int kThreads = 4;
  constexpr int kEach = 25;
  std::vector<std::vector<nrta_seq_t>> ids(kThreads);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&ids, &job, t] {
      for (int i = 0; i < kEach; ++i) {
        nrta_seq_t sequence = 0;
        if (Client::schedule(job, &sequence) == NRT_SUCCESS) {
          ids[static_cast<std::size_t>(t)].push_back(sequence);
        }
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  std::vector<nrta_seq_t> all;
  for (const auto& each : ids) {
    CHECK(std::is_sorted(each.begin(), each.end()));
    all.insert(all.end(), each.begin(), each.end());
  }
  std::sort(all.begin(), all.end());
  REQUIRE(all.size() == kThreads * kEach);
  for (std::size_t i = 0; i < all.size(); ++i) {
    CHECK(NRTA_SEQ_GET_SEQ_NUM(all[i]) == i + 1);
  }
  Client::wait(all.back());
}
