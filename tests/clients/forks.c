// SPDX-License-Identifier: Apache-2.0
// One process per rank: it forks before nrt_init, and each child opens the runtime on a core of its own. Then a child of a process that
// has the runtime open, which has none itself and opens its own.
#define _POSIX_C_SOURCE 200809L
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"

static void run(const char *path) {
  open_runtime();
  uint32_t cores = 0;
  CHECK(nrt_get_visible_nc_count(&cores));
  REQUIRE(cores == 1);
  job_t job = make_job(load_model(path, 0), 0);
  nrta_seq_t sequence = 0;
  CHECK(nrta_execute_schedule(job.model, job.inputs, job.outputs, 0, NULL, &sequence));
  bool done = false;
  while (!done) {
    CHECK(nrta_is_completed(sequence, &done));
  }
  REQUIRE(first_output(&job) == 1.0F);
  nrt_close();
}

static void use_core(const char *core) { REQUIRE(setenv("NEURON_RT_VISIBLE_CORES", core, 1) == 0); }

static void join(pid_t child) {
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(int argc, char **argv) {
  REQUIRE(argc == 2);
  const char *const cores[] = {"0", "1"};
  pid_t children[2];
  for (int rank = 0; rank < 2; rank++) {
    children[rank] = fork();
    REQUIRE(children[rank] >= 0);
    if (children[rank] == 0) {
      use_core(cores[rank]);
      run(argv[1]);
      return 0;
    }
  }
  join(children[0]);
  join(children[1]);

  use_core("0");
#ifndef __SANITIZE_THREAD__  // it allows no threads in the child of a process that has some
  open_runtime();
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    bool done = false;
    REQUIRE(nrta_is_completed(1, &done) == NRT_UNINITIALIZED);
    use_core("1");
    run(argv[1]);
    return 0;
  }
  join(child);
  nrt_close();
#endif
  run(argv[1]);
  printf("four processes ran\n");
  return 0;
}
