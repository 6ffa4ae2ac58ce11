// SPDX-License-Identifier: Apache-2.0
// R33..R37, R40: completion queries and handles.
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <thread>

#include "tests/conformance/client.h"

using nsim::test::Client;

namespace {

bool readable(int fd, int timeout_ms) {
  pollfd wanted{fd, POLLIN, 0};
  return poll(&wanted, 1, timeout_ms) == 1 && (wanted.revents & POLLIN) != 0;
}

int handle_of(nrta_seq_t sequence) {
  int fd = -1;
  REQUIRE(nrta_get_completion_handle(sequence, &fd) == NRT_SUCCESS);
  REQUIRE(fd >= 0);
  return fd;
}

}  // namespace

TEST_CASE("R33 R34 a pending request is success and false, a complete one true for ever") {
  Client client;
  const Client::Job job = client.job();
  Client::pause(NRTA_XU_COMPUTE, true);
  const nrta_seq_t sequence = Client::start(job);
  bool done = true;
  CHECK(nrta_is_completed(sequence, &done) == NRT_SUCCESS);
  CHECK_FALSE(done);
  Client::pause(NRTA_XU_COMPUTE, false);
  Client::wait(sequence);
  Client::wait(Client::start(job));
  CHECK(nrta_is_completed(sequence, &done) == NRT_SUCCESS);
  CHECK(done);
}

TEST_CASE("R35 ids that were never given are invalid and not complete") {
  Client client;
  const nrta_seq_t given = Client::start(client.job());
  Client::wait(given);
  for (const nrta_seq_t wrong : {given - 1, given + 1, ~nrta_seq_t{0}, nrta_seq_t{0},
                                 (nrta_seq_t{0xffff} << 48) | 1, (nrta_seq_t{5 << 3} << 48) | 1}) {
    bool done = true;
    CHECK(nrta_is_completed(wrong, &done) == NRT_INVALID);
    CHECK_FALSE(done);
  }
  CHECK(nrta_is_completed(given, nullptr) == NRT_INVALID);
}

TEST_CASE("R36 a failed request is complete") {
  Client client;
  const Client::Job job = client.job();
  REQUIRE(nsim_hook_inject(0, NRTA_XU_COMPUTE, 0, NSIM_FAULT_OUT_OF_BOUNDS, 0) == NRT_SUCCESS);
  const nrta_seq_t sequence = Client::start(job);
  Client::wait(sequence);
  CHECK(Client::completed(NRTA_XU_COMPUTE) == sequence);
}

TEST_CASE("R37 a completion handle becomes readable when its request completes, and stays so",
          "[A]") {
  Client client;
  const Client::Job job = client.job();
  Client::pause(NRTA_XU_COMPUTE, true);
  const nrta_seq_t sequence = Client::start(job);
  const int fd = handle_of(sequence);
  const int other = handle_of(sequence);
  CHECK(fd != other);
  CHECK_FALSE(readable(fd, 20));
  Client::pause(NRTA_XU_COMPUTE, false);
  CHECK(readable(fd, 10000));
  CHECK(readable(fd, 0));
  CHECK(readable(other, 10000));
  close(fd);
  close(other);
}

TEST_CASE("R37 the handle of a complete request is readable at once", "[A]") {
  Client client;
  const nrta_seq_t sequence = Client::start(client.job());
  Client::wait(sequence);
  const int fd = handle_of(sequence);
  CHECK(readable(fd, 0));
  close(fd);
}

TEST_CASE("R37 a handle may be closed early; its number may then mean another file", "[A]") {
  Client client;
  const Client::Job job = client.job();
  Client::pause(NRTA_XU_COMPUTE, true);
  const nrta_seq_t sequence = Client::start(job);
  const int fd = handle_of(sequence);
  close(fd);
  int ends[2];
  REQUIRE(pipe2(ends, O_NONBLOCK) == 0);
  REQUIRE(ends[0] == fd);
  Client::pause(NRTA_XU_COMPUTE, false);
  Client::wait(sequence);
  CHECK_FALSE(readable(ends[0], 20));
  close(ends[0]);
  close(ends[1]);
}

TEST_CASE("R37 handles of ids that were never given are refused", "[A]") {
  const Client client;
  int fd = 99;
  CHECK(nrta_get_completion_handle(1, &fd) == NRT_INVALID);
  CHECK(fd == 99);
}

TEST_CASE("R37 NRT_RESOURCE when the process has no file descriptor left", "[A]") {
  Client client;
  const nrta_seq_t sequence = Client::start(client.job());
  Client::wait(sequence);
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  const rlimit none{3, before.rlim_max};
  REQUIRE(setrlimit(RLIMIT_NOFILE, &none) == 0);
  int fd = 99;
  const NRT_STATUS status = nrta_get_completion_handle(sequence, &fd);
  REQUIRE(setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK(status == NRT_RESOURCE);
  CHECK(fd == 99);
}

TEST_CASE("R37 a host asleep on a handle is woken", "[A]") {
  Client client;
  const Client::Job job = client.job();
  nrta_seq_t last = 0;
  for (int i = 0; i < 3; ++i) {
    last = Client::start(job);
  }
  const int fd = handle_of(last);
  CHECK(readable(fd, 20000));
  close(fd);
}

TEST_CASE(
    "R40 whoever sees a step of a completion sees the ones before: data, error entry, number, "
    "event") {
  Client client;
  const Client::Job job = client.job();
  nrta_error_tracker_t* tracker = client.tracker();
  for (std::size_t round = 1; round <= 20; ++round) {
    Client::fill(job.x, static_cast<float>(round));
    const nrta_seq_t good = Client::start(job, tracker);
    REQUIRE(nsim_hook_inject(0, NRTA_XU_COMPUTE, 0, NSIM_FAULT_BAD_DESCRIPTOR, 0) == NRT_SUCCESS);
    const nrta_seq_t bad = Client::start(job, tracker);
    const int fd = handle_of(bad);
    if (round % 2 == 0) {
      REQUIRE(readable(fd, 20000));
    } else {
      while (Client::completed(NRTA_XU_COMPUTE) < bad) {
      }
    }
    close(fd);
    bool done = false;
    CHECK(nrta_is_completed(bad, &done) == NRT_SUCCESS);
    CHECK(done);
    CHECK(Client::completed(NRTA_XU_COMPUTE) == bad);
    const std::vector<nrta_error_t> errors = Client::errors(tracker);
    REQUIRE(errors.size() == round);
    // The injection is for whichever of the two begins next: exactly one fails.
    CHECK((errors.back().seq_id == bad || errors.back().seq_id == good));
    if (errors.back().seq_id == bad) {
      const auto* data = static_cast<const float*>(nrt_tensor_get_va(job.y));
      CHECK(data[0] == static_cast<float>(round) + 1);
    }
  }
}
