// SPDX-License-Identifier: Apache-2.0
// The same in generation C, as the migration guide has it: a status for each request instead of a tracker, and epoll on an eventfd
// instead of polling. The unit's event says that something completed, nrta_get_sequence how far.
#define NRTA_API_GEN C
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "client.h"

enum { REQUESTS = 24, IN_FLIGHT = 8 };

typedef struct {
  int epoll;
  int event;
  nrta_seq_t completed;
} completions_t;

static completions_t watch_compute_unit(void) {
  completions_t it = {epoll_create1(EPOLL_CLOEXEC), eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), 0};
  struct epoll_event wanted = {0};
  wanted.events = EPOLLIN;
  wanted.data.fd = it.event;
  REQUIRE(it.epoll >= 0 && it.event >= 0 && epoll_ctl(it.epoll, EPOLL_CTL_ADD, it.event, &wanted) == 0);
  CHECK(nrta_event_register_xu_completion(0, NRTA_XU_COMPUTE, 0, it.event));
  CHECK(nrta_get_sequence(0, NRTA_XU_COMPUTE, 0, &it.completed));
  return it;
}

static void wait_for(completions_t *it, nrta_seq_t sequence) {
  while (it->completed < sequence) {
    struct epoll_event happened;
    REQUIRE(epoll_wait(it->epoll, &happened, 1, 30000) == 1 && happened.data.fd == it->event);
    uint64_t count = 0;
    REQUIRE(read(it->event, &count, sizeof count) == (ssize_t)sizeof count && count > 0);
    CHECK(nrta_get_sequence(0, NRTA_XU_COMPUTE, 0, &it->completed));
  }
}

int main(int argc, char **argv) {
  REQUIRE(argc == 2);
  open_runtime();
  job_t job = make_job(load_model(argv[1], 0), 0);
  completions_t completions = watch_compute_unit();

  NRT_STATUS statuses[REQUESTS];
  nrta_seq_t sequences[REQUESTS];
  for (int i = 0; i < REQUESTS; i++) {
    if (i >= IN_FLIGHT) {
      wait_for(&completions, sequences[i - IN_FLIGHT]);
    }
    statuses[i] = NRT_QUEUE_EMPTY;
    CHECK(nrta_execute_schedule(job.model, job.inputs, job.outputs, 0, &statuses[i], &sequences[i]));
  }
  wait_for(&completions, sequences[REQUESTS - 1]);
  int failed = 0;
  for (int i = 0; i < REQUESTS; i++) {
    failed += statuses[i] != NRT_SUCCESS;
  }

  // One request's own event, and a read on the tensor's own core.
  float value = 0;
  int core = -1;
  nrta_seq_t read_sequence = 0;
  NRT_STATUS read_status = NRT_QUEUE_EMPTY;
  CHECK(nrt_tensor_get_lnc_index(job.y, &core));
  CHECK(nrta_tensor_read(&value, job.y, 0, sizeof value, core, 0, &read_status, &read_sequence));
  const int once = eventfd(0, EFD_CLOEXEC);
  CHECK(nrta_event_register_seq_id_completion(read_sequence, once));
  uint64_t count = 0;
  REQUIRE(read(once, &count, sizeof count) == (ssize_t)sizeof count && count == 1);
  CHECK(read_status);
  REQUIRE(value == 1.0F);

  CHECK(nrta_event_register_xu_completion(0, NRTA_XU_COMPUTE, 0, -1));
  close(completions.event);
  close(completions.epoll);
  close(once);
  printf("%d requests complete, %d failed\n", REQUESTS, failed);
  CHECK(nrt_unload(job.model));
  free_job(&job);
  nrt_close();
  return failed;
}
