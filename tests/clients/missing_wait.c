// SPDX-License-Identifier: Apache-2.0
// Wrong on purpose: reads the output of an execution that it did not wait for. It may well find the right numbers; `nsim exec --check`
// says what is missing.
#include "client.h"

int main(int argc, char **argv) {
  REQUIRE(argc == 2);
  open_runtime();
  job_t job = make_job(load_model(argv[1], 0), 0);
  nrta_error_tracker_t *tracker = NULL;
  CHECK(nrta_error_tracker_create(0, &tracker));
  nrta_seq_t execution = 0;
  nrta_seq_t reading = 0;
  float first = 0;
  CHECK(nrta_execute_schedule(job.model, job.inputs, job.outputs, 0, tracker, &execution));
  CHECK(nrta_tensor_read(&first, job.y, 0, sizeof first, 0, tracker, &reading));
  bool done = false;
  while (!done) {
    CHECK(nrta_is_completed(reading, &done));
  }
  done = false;
  while (!done) {
    CHECK(nrta_is_completed(execution, &done));
  }
  nrta_error_tracker_destroy(tracker);
  CHECK(nrt_unload(job.model));
  free_job(&job);
  nrt_close();
  return 0;
}
