// SPDX-License-Identifier: Apache-2.0
// R38..R43: events on eventfds of the client (generation C).
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "tests/conformance/client.h"

using nsim::test::Client;

namespace {

/// An eventfd of the client.
class Event {
 public:
  explicit Event(int flags = EFD_NONBLOCK) : fd(eventfd(0, EFD_CLOEXEC | flags)) {
    REQUIRE(fd >= 0);
  }
  ~Event() { close(fd); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  bool readable(int timeout_ms) const {
    pollfd wanted{fd, POLLIN, 0};
    return poll(&wanted, 1, timeout_ms) == 1 && (wanted.revents & POLLIN) != 0;
  }
  /// The count, which is 0 afterwards.
  std::uint64_t take() const {
    std::uint64_t count = 0;
    return readable(0) && read(fd, &count, sizeof count) == sizeof count ? count : 0;
  }
  /// The count once it has come to `wanted`, or what it is after 20 seconds.
  std::uint64_t take(std::uint64_t wanted) const {
    std::uint64_t count = 0;
    while (count < wanted && readable(20000)) {
      count += take();
    }
    return count;
  }
  void add(std::uint64_t count) const { REQUIRE(write(fd, &count, sizeof count) == sizeof count); }

  const int fd;
};

NRT_STATUS watch(nrta_seq_t sequence, int fd) {
  return call_c_event_register_seq_id_completion(sequence, fd);
}
NRT_STATUS watch_compute(int fd) {
  return call_c_event_register_xu_completion(0, CALL_C_COMPUTE, 0, fd);
}

}  // namespace

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
    REQUIRE(status == NRT_SUCCESS);
    const auto* data = static_cast<const float*>(nrt_tensor_get_va(job.y));
    REQUIRE(data[0] == static_cast<float>(round) + 1);
    REQUIRE(Client::completed(NRTA_XU_COMPUTE) == sequence);
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
