// SPDX-License-Identifier: Apache-2.0
// An inference server: four threads, each with three requests under way that pass through write, execute and read on three units. What a
// step needs is observed complete before it is scheduled; the units are shared by the threads of a core.
#include <pthread.h>
#include <unistd.h>

#include "client.h"

enum { THREADS = 4, DEPTH = 3, REQUESTS = 30 };

typedef enum { IDLE, WRITING, EXECUTING, READING } stage_t;

typedef struct {
  job_t job;
  stage_t stage;
  bool accepted;  // the stage's request
  nrta_seq_t sequence;
  float *input;
  float *output;
} slot_t;

typedef struct {
  pthread_t thread;
  int core;
  int index;
  nrt_model_t *model;
  nrta_error_tracker_t *tracker;
  int served;
} worker_t;

static void schedule(slot_t *slot, nrta_error_tracker_t *tracker) {
  NRT_STATUS status = NRT_FAILURE;
  job_t *job = &slot->job;
  switch (slot->stage) {
    case WRITING:
      status = nrta_tensor_write(job->x, slot->input, 0, job->bytes, 0, tracker, &slot->sequence);
      break;
    case EXECUTING:
      status = nrta_execute_schedule(job->model, job->inputs, job->outputs, 0, tracker, &slot->sequence);
      break;
    default:
      status = nrta_tensor_read(slot->output, job->y, 0, job->bytes, 0, tracker, &slot->sequence);
      break;
  }
  if (status != NRT_QUEUE_FULL) {
    CHECK(status);
    slot->accepted = true;
  }
}

static void begin(slot_t *slot, float value) {
  for (size_t i = 0; i < slot->job.bytes / sizeof(float); i++) {
    slot->input[i] = value;
  }
  slot->stage = WRITING;
  slot->accepted = false;
}

// True when the answer of the request is there.
static bool advance(slot_t *slot, nrta_error_tracker_t *tracker) {
  if (!slot->accepted) {
    schedule(slot, tracker);
    return false;
  }
  bool done = false;
  CHECK(nrta_is_completed(slot->sequence, &done));
  if (!done) {
    return false;
  }
  slot->accepted = false;
  if (slot->stage == READING) {
    const size_t count = slot->job.bytes / sizeof(float);
    REQUIRE(slot->output[0] == slot->input[0] + 1 && slot->output[count - 1] == slot->input[0] + 1);
    slot->stage = IDLE;
    return true;
  }
  slot->stage = slot->stage == WRITING ? EXECUTING : READING;
  return false;
}

static void *serve(void *argument) {
  worker_t *worker = (worker_t *)argument;
  slot_t slots[DEPTH];
  int begun = 0;
  for (int i = 0; i < DEPTH; i++) {
    slots[i].job = make_job(worker->model, worker->core);
    slots[i].input = (float *)malloc(slots[i].job.bytes);
    slots[i].output = (float *)malloc(slots[i].job.bytes);
    begin(&slots[i], (float)(worker->index * REQUESTS + begun++));
  }
  while (worker->served < REQUESTS) {
    for (int i = 0; i < DEPTH; i++) {
      if (slots[i].stage != IDLE && advance(&slots[i], worker->tracker)) {
        worker->served++;
        if (begun < REQUESTS) {
          begin(&slots[i], (float)(worker->index * REQUESTS + begun++));
        }
      }
    }
    usleep(1);
  }
  for (int i = 0; i < DEPTH; i++) {
    free_job(&slots[i].job);
    free(slots[i].input);
    free(slots[i].output);
  }
  return NULL;
}

int main(int argc, char **argv) {
  REQUIRE(argc == 2);
  open_runtime();
  uint32_t cores = 0;
  CHECK(nrt_get_visible_nc_count(&cores));
  worker_t workers[THREADS];
  for (int i = 0; i < THREADS; i++) {
    const int core = i % (int)(cores < 2 ? 1 : 2);
    workers[i] = (worker_t){.core = core, .index = i, .served = 0};
    workers[i].model = i < 2 ? load_model(argv[1], core) : workers[i - 2].model;
    CHECK(nrta_error_tracker_create((uint32_t)core, &workers[i].tracker));
    REQUIRE(pthread_create(&workers[i].thread, NULL, serve, &workers[i]) == 0);
  }
  int served = 0;
  size_t failed = 0;
  for (int i = 0; i < THREADS; i++) {
    REQUIRE(pthread_join(workers[i].thread, NULL) == 0);
    const nrta_error_t *errors = NULL;
    size_t count = 0;
    CHECK(nrta_error_tracker_get_list(workers[i].tracker, &errors, &count));
    nrta_error_tracker_destroy(workers[i].tracker);
    served += workers[i].served;
    failed += count;
  }
  printf("%d requests served, %zu failed\n", served, failed);
  nrt_close();
  return failed != 0;
}
