// SPDX-License-Identifier: Apache-2.0
// A program that meets a fatal error, sees its unit degraded, releases everything, and goes on with a new session. Needs NSIM_HOOKS=1.
#include <nsim_hooks.h>

#include "client.h"

static nrta_seq_t execute(const job_t *job, nrta_error_tracker_t *tracker) {
  nrta_seq_t sequence = 0;
  CHECK(nrta_execute_schedule(job->model, job->inputs, job->outputs, 0, tracker, &sequence));
  nrta_seq_t last = 0;
  do {
    CHECK(nrta_get_sequence(0, NRTA_XU_COMPUTE, 0, &last));
  } while (last < sequence);
  return sequence;
}

int main(int argc, char **argv) {
  REQUIRE(argc == 2);
  for (int round = 0; round < 3; round++) {
    open_runtime();
    job_t job = make_job(load_model(argv[1], 0), 0);
    nrta_error_tracker_t *tracker = NULL;
    CHECK(nrta_error_tracker_create(0, &tracker));
    const nrta_seq_t good = execute(&job, tracker);
    REQUIRE(NRTA_SEQ_GET_SEQ_NUM(good) == 1);
    REQUIRE(first_output(&job) == 1.0F);

    CHECK(nsim_hook_inject(0, NRTA_XU_COMPUTE, 0, NSIM_FAULT_DMA_ABORT, 0));
    const nrta_seq_t bad = execute(&job, tracker);
    const nrta_error_t *errors = NULL;
    size_t count = 0;
    CHECK(nrta_error_tracker_get_list(tracker, &errors, &count));
    REQUIRE(count == 1 && errors[0].seq_id == bad && errors[0].error_code == NRT_EXEC_HW_ERR_DMA_ABORT);
    nrta_seq_t sequence = 0;
    REQUIRE(nrta_execute_schedule(job.model, job.inputs, job.outputs, 0, tracker, &sequence) ==
            NRT_EXEC_UNIT_UNRECOVERABLE);
    nrta_error_tracker_destroy(tracker);
    CHECK(nrt_unload(job.model));
    free_job(&job);
    nrt_close();
  }
  printf("degraded and opened again 3 times\n");
  return 0;
}
