// SPDX-License-Identifier: Apache-2.0
// R31, R38, R39: events are registered, replaced and withdrawn (generation C).
#include <fcntl.h>
#include <sys/resource.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "tests/conformance/generation_c/event.h"

using namespace nsim::test;

TEST_CASE("R38 a second registration of an id takes the place of the first; -1 withdraws") {
  Client client;
  const Client::Job job = client.job();
  const Event first;
  const Event second;
  const Event third;
  Client::pause(NRTA_XU_COMPUTE, true);
  const nrta_seq_t replaced = Client::start(job);
  const nrta_seq_t twice = Client::start(job);
  const nrta_seq_t withdrawn = Client::start(job);
  REQUIRE(watch(replaced, first.fd) == NRT_SUCCESS);
  REQUIRE(watch(replaced, second.fd) == NRT_SUCCESS);
  REQUIRE(watch(twice, second.fd) == NRT_SUCCESS);
  REQUIRE(watch(twice, second.fd) == NRT_SUCCESS);
  REQUIRE(watch(withdrawn, third.fd) == NRT_SUCCESS);
  REQUIRE(watch(withdrawn, -1) == NRT_SUCCESS);
  REQUIRE(watch(withdrawn, -1) == NRT_SUCCESS);
  Client::pause(NRTA_XU_COMPUTE, false);
  Client::wait(withdrawn);
  CHECK(first.take() == 0);
  CHECK(second.take(2) == 2);
  CHECK(third.take() == 0);
}

TEST_CASE("R38 R39 what is no open eventfd is refused, and the registration before stays") {
  Client client;
  const Client::Job job = client.job();
  const Event event;
  Client::pause(NRTA_XU_COMPUTE, true);
  const nrta_seq_t sequence = Client::start(job);
  REQUIRE(watch(sequence, event.fd) == NRT_SUCCESS);
  REQUIRE(watch_compute(event.fd) == NRT_SUCCESS);
  const int closed = dup(event.fd);
  close(closed);
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  for (const int wrong : {-2, closed, ends[0], ends[1]}) {
    CHECK(watch(sequence, wrong) == NRT_INVALID);
    CHECK(watch_compute(wrong) == NRT_INVALID);
  }
  close(ends[0]);
  close(ends[1]);
  CHECK(watch(sequence + 1, event.fd) == NRT_INVALID);
  CHECK(watch(0, event.fd) == NRT_INVALID);
  CHECK(watch(sequence + 1, -1) == NRT_INVALID);
  CHECK(call_c_event_register_xu_completion(1000, CALL_C_COMPUTE, 0, event.fd) == NRT_INVALID);
  CHECK(call_c_event_register_xu_completion(0, CALL_C_COMPUTE, 1, event.fd) == NRT_INVALID);
  CHECK(call_c_event_register_xu_completion(0, 3, 0, event.fd) == NRT_INVALID);
  Client::pause(NRTA_XU_COMPUTE, false);
  CHECK(event.take(2) == 2);
}

TEST_CASE("R38 R39 NRT_RESOURCE when the process has no file descriptor left") {
  Client client;
  const nrta_seq_t sequence = Client::start(client.job());
  Client::wait(sequence);
  const Event event;
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  const rlimit none{3, before.rlim_max};
  REQUIRE(setrlimit(RLIMIT_NOFILE, &none) == 0);
  const NRT_STATUS request = watch(sequence, event.fd);
  const NRT_STATUS unit = watch_compute(event.fd);
  REQUIRE(setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK(request == NRT_RESOURCE);
  CHECK(unit == NRT_RESOURCE);
  CHECK(event.take() == 0);
}

TEST_CASE("R39 a unit's event can be registered before its first request, and is the unit's own") {
  Client client;
  const Client::Job job = client.job();
  const Event compute;
  const Event transfers[2];
  REQUIRE(watch_compute(compute.fd) == NRT_SUCCESS);
  for (int queue = 0; queue < 2; ++queue) {
    REQUIRE(call_c_event_register_xu_completion(0, CALL_C_TENSOR_OP, queue, transfers[queue].fd) ==
            NRT_SUCCESS);
  }
  Client::wait(Client::start(job));
  char byte = 0;
  nrta_seq_t sequence = 0;
  REQUIRE(call_c_tensor_write(job.x, &byte, 0, 1, 0, 1, nullptr, &sequence) == NRT_SUCCESS);
  Client::wait(sequence);
  CHECK(compute.take(1) == 1);
  CHECK(transfers[0].take() == 0);
  CHECK(transfers[1].take(1) == 1);
}

TEST_CASE("R38 R39 after a withdrawal nothing is written, whatever completes at that moment") {
  Client client;
  const Client::Job job = client.job();
  const Event event;
  for (int round = 0; round < 30; ++round) {
    const nrta_seq_t sequence = Client::start(job);
    REQUIRE(watch(sequence, event.fd) == NRT_SUCCESS);
    REQUIRE(watch_compute(event.fd) == NRT_SUCCESS);
    std::this_thread::sleep_for(std::chrono::microseconds(round * 7));
    REQUIRE(watch(sequence, -1) == NRT_SUCCESS);
    REQUIRE(watch_compute(-1) == NRT_SUCCESS);
    event.take();
    Client::wait(sequence);
    REQUIRE(event.take() == 0);
  }
}

TEST_CASE("R39 an event closed after its withdrawal may come back as another file") {
  Client client;
  const Client::Job job = client.job();
  Client::pause(NRTA_XU_COMPUTE, true);
  const nrta_seq_t sequence = Client::start(job);
  const int fd = eventfd(0, EFD_CLOEXEC);
  REQUIRE(watch(sequence, fd) == NRT_SUCCESS);
  REQUIRE(watch_compute(fd) == NRT_SUCCESS);
  const bool withdraw = GENERATE(true, false);  // whoever forgets to harms nobody
  if (withdraw) {
    REQUIRE(watch(sequence, -1) == NRT_SUCCESS);
    REQUIRE(watch_compute(-1) == NRT_SUCCESS);
  }
  close(fd);
  int ends[2];
  REQUIRE(pipe2(ends, O_NONBLOCK | O_CLOEXEC) == 0);
  REQUIRE((ends[0] == fd || ends[1] == fd));
  Client::pause(NRTA_XU_COMPUTE, false);
  Client::wait(sequence);
  char byte = 0;
  CHECK(read(ends[0], &byte, 1) == -1);
  CHECK(errno == EAGAIN);
  close(ends[0]);
  close(ends[1]);
}

TEST_CASE("R31 threads that register and withdraw while requests complete lose no event") {
  Client client;
  const Client::Job job = client.job();
  const Event of_unit;
  REQUIRE(watch_compute(of_unit.fd) == NRT_SUCCESS);
  std::atomic<int> lost{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      const int fd = eventfd(0, EFD_CLOEXEC);
      for (int i = 0; i < 10; ++i) {
        nrta_seq_t sequence = 0;
        if (Client::schedule(job, &sequence) != NRT_SUCCESS || watch(sequence, fd) != NRT_SUCCESS) {
          ++lost;
          continue;
        }
        pollfd wanted{fd, POLLIN, 0};
        std::uint64_t count = 0;
        if (poll(&wanted, 1, 20000) != 1 || read(fd, &count, sizeof count) != sizeof count ||
            count != 1) {
          ++lost;
        }
      }
      close(fd);
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(lost == 0);
  CHECK(of_unit.take(30) == 30);
}
