// SPDX-License-Identifier: Apache-2.0
// A program that returns from main with requests under way and everything still open.
#include "client.h"

int main(int argc, char **argv) {
  REQUIRE(argc == 2);
  open_runtime();
  const job_t job = make_job(load_model(argv[1], 0), 0);
  nrta_seq_t sequence = 0;
  for (int i = 0; i < 20; i++) {
    CHECK(nrta_execute_schedule(job.model, job.inputs, job.outputs, 0, NULL, &sequence));
  }
  printf("left with requests under way\n");
  return 0;
}
