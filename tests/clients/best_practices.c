// SPDX-License-Identifier: Apache-2.0
// The pattern that the documentation recommends, generation A: keep the queue filled, wait for one completion when it is full, look at
// the error tracker at the end, stop scheduling on a unit that is degraded.
#include <unistd.h>

#include "client.h"

enum { REQUESTS = 200 };

static nrta_seq_t completed(void) {
  nrta_seq_t sequence = 0;
  CHECK(nrta_get_sequence(0, NRTA_XU_COMPUTE, 0, &sequence));
  return sequence;
}

static void wait_for(nrta_seq_t sequence) {
  while (completed() < sequence) {
    usleep(1);
  }
}

int main(int argc, char **argv) {
  REQUIRE(argc == 2);
  open_runtime();
  job_t job = make_job(load_model(argv[1], 0), 0);
  nrta_error_tracker_t *tracker = NULL;
  CHECK(nrta_error_tracker_create(0, &tracker));

  nrta_seq_t last = completed();
  const nrta_seq_t before = last;
  int full = 0;
  for (int accepted = 0; accepted < REQUESTS;) {
    nrta_seq_t sequence = 0;
    const nrta_seq_t done = completed();  // before: a full queue may be empty by the time it is looked at
    const NRT_STATUS status = nrta_execute_schedule(job.model, job.inputs, job.outputs, 0, tracker, &sequence);
    if (status == NRT_QUEUE_FULL) {
      full++;
      wait_for(done + 1);
      continue;
    }
    if (status == NRT_EXEC_UNIT_UNRECOVERABLE) {
      break;  // the runtime must be opened anew
    }
    CHECK(status);
    REQUIRE(sequence == last + 1);
    last = sequence;
    accepted++;
  }
  wait_for(last);

  const nrta_error_t *errors = NULL;
  size_t count = 0;
  CHECK(nrta_error_tracker_get_list(tracker, &errors, &count));
  for (size_t i = 0; i < count; i++) {
    fprintf(stderr, "request %llu failed: %s\n", (unsigned long long)NRTA_SEQ_GET_SEQ_NUM(errors[i].seq_id),
            nrt_get_status_as_str((NRT_STATUS)errors[i].error_code));
  }
  nrta_error_tracker_destroy(tracker);
  REQUIRE(first_output(&job) == 1.0F);
  printf("%llu requests complete, %zu failed, the queue was full %s\n", (unsigned long long)(last - before), count,
         full > 0 ? "sometimes" : "never");
  CHECK(nrt_unload(job.model));
  free_job(&job);
  nrt_close();
  return count != 0;
}
