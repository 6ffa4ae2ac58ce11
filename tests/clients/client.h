// SPDX-License-Identifier: Apache-2.0
// What the example clients share: errors end the program, and a job is a loaded model with one input and one output. Includes
// whatever generation of the asynchronous interface the file has chosen.
#ifndef TESTS_CLIENTS_CLIENT_H
#define TESTS_CLIENTS_CLIENT_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <nrt/nrt_async.h>
#include <nrt/nrt_experimental.h>

#define CHECK(call) check_status(call, #call, __FILE__, __LINE__)
#define REQUIRE(condition) check_condition(condition, #condition, __FILE__, __LINE__)

static inline void check_condition(bool condition, const char *text, const char *file, int line) {
  if (!condition) {
    fprintf(stderr, "%s:%d: not so: %s\n", file, line, text);
    exit(1);
  }
}

static inline void check_status(NRT_STATUS status, const char *text, const char *file, int line) {
  if (status != NRT_SUCCESS) {
    fprintf(stderr, "%s:%d: %s: %s\n", file, line, text, nrt_get_status_as_str(status));
    exit(1);
  }
}

// A model that computes y = x + 1 in 32-bit floating point.
typedef struct {
  nrt_model_t *model;
  nrt_tensor_t *x;
  nrt_tensor_t *y;
  nrt_tensor_set_t *inputs;
  nrt_tensor_set_t *outputs;
  size_t bytes;
} job_t;

static inline nrt_model_t *load_model(const char *path, int core) {
  FILE *file = fopen(path, "rb");
  REQUIRE(file != NULL);
  fseek(file, 0, SEEK_END);
  const size_t size = (size_t)ftell(file);
  rewind(file);
  void *neff = malloc(size);
  REQUIRE(neff != NULL && fread(neff, 1, size, file) == size);
  fclose(file);
  nrt_model_t *model = NULL;
  CHECK(nrt_load(neff, size, core, -1, &model));
  free(neff);
  return model;
}

// Tensors and sets of its own for a model.
static inline job_t make_job(nrt_model_t *model, int core) {
  job_t job = {model, NULL, NULL, NULL, NULL, 0};
  nrt_tensor_info_array_t *info = NULL;
  CHECK(nrt_get_model_tensor_info(model, &info));
  CHECK(nrt_allocate_tensor_set(&job.inputs));
  CHECK(nrt_allocate_tensor_set(&job.outputs));
  for (uint64_t i = 0; i < info->tensor_count; i++) {
    const nrt_tensor_info_t *each = &info->tensor_array[i];
    const bool is_input = each->usage == NRT_TENSOR_USAGE_INPUT;
    nrt_tensor_t **tensor = is_input ? &job.x : &job.y;
    CHECK(nrt_tensor_allocate(NRT_TENSOR_PLACEMENT_DEVICE, core, each->size, each->name, tensor));
    CHECK(nrt_add_tensor_to_tensor_set(is_input ? job.inputs : job.outputs, each->name, *tensor));
    job.bytes = each->size;
  }
  nrt_free_model_tensor_info(info);
  CHECK(nrt_tensor_memset(job.x, 0, 0, job.bytes));
  return job;
}

static inline void free_job(job_t *job) {
  nrt_destroy_tensor_set(&job->inputs);
  nrt_destroy_tensor_set(&job->outputs);
  nrt_tensor_free(&job->x);
  nrt_tensor_free(&job->y);
}

static inline float first_output(const job_t *job) {
  float value = 0;
  CHECK(nrt_tensor_read(job->y, &value, 0, sizeof value));
  return value;
}

static inline void open_runtime(void) { CHECK(nrt_init(NRT_FRAMEWORK_TYPE_NO_FW, "", "")); }

#endif
