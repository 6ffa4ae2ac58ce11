// SPDX-License-Identifier: Apache-2.0
// pipeline CONTAINER REQUESTS DEPTH: executes a program so many times and keeps DEPTH requests in flight.
#include <stdio.h>
#include <stdlib.h>

#include <nrt/nrt_async.h>
#include <nrt/nrt_experimental.h>

#define CHECK(call) check(call, #call)

static void check(NRT_STATUS status, const char *what) {
  if (status != NRT_SUCCESS) {
    fprintf(stderr, "%s: %s\n", what, nrt_get_status_as_str(status));
    exit(1);
  }
}

static nrt_model_t *load(const char *path) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) {
    perror(path);
    exit(1);
  }
  fseek(file, 0, SEEK_END);
  const size_t size = (size_t)ftell(file);
  rewind(file);
  void *bytes = malloc(size);
  if (bytes == NULL || fread(bytes, 1, size, file) != size) {
    fprintf(stderr, "cannot read %s\n", path);
    exit(1);
  }
  fclose(file);
  nrt_model_t *model = NULL;
  CHECK(nrt_load(bytes, size, 0, -1, &model));
  free(bytes);
  return model;
}

int main(int argc, char **argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: %s CONTAINER REQUESTS DEPTH\n", argv[0]);
    return 2;
  }
  const int requests = atoi(argv[2]);
  const int depth = atoi(argv[3]);
  CHECK(nrt_init(NRT_FRAMEWORK_TYPE_NO_FW, "", ""));
  nrt_model_t *model = load(argv[1]);

  nrt_tensor_info_array_t *info = NULL;
  nrt_tensor_set_t *inputs = NULL;
  nrt_tensor_set_t *outputs = NULL;
  CHECK(nrt_get_model_tensor_info(model, &info));
  CHECK(nrt_allocate_tensor_set(&inputs));
  CHECK(nrt_allocate_tensor_set(&outputs));
  nrt_tensor_t **tensors = calloc(info->tensor_count, sizeof *tensors);
  for (uint64_t i = 0; i < info->tensor_count; i++) {
    const nrt_tensor_info_t *each = &info->tensor_array[i];
    CHECK(nrt_tensor_allocate(NRT_TENSOR_PLACEMENT_DEVICE, 0, each->size, each->name, &tensors[i]));
    CHECK(nrt_add_tensor_to_tensor_set(each->usage == NRT_TENSOR_USAGE_INPUT ? inputs : outputs, each->name,
                                       tensors[i]));
  }

  nrta_error_tracker_t *tracker = NULL;
  CHECK(nrta_error_tracker_create(0, &tracker));
  nrta_seq_t *sequence = calloc((size_t)requests, sizeof *sequence);
  for (int i = 0; i < requests; i++) {
    for (bool done = i < depth; !done;) {
      CHECK(nrta_is_completed(sequence[i - depth], &done));
    }
    CHECK(nrta_execute_schedule(model, inputs, outputs, 0, tracker, &sequence[i]));
  }
  for (bool done = false; !done;) {
    CHECK(nrta_is_completed(sequence[requests - 1], &done));
  }
  const nrta_error_t *errors = NULL;
  size_t failed = 0;
  CHECK(nrta_error_tracker_get_list(tracker, &errors, &failed));
  printf("%d requests, %zu failed\n", requests, failed);

  nrta_error_tracker_destroy(tracker);
  free(sequence);
  for (uint64_t i = 0; i < info->tensor_count; i++) {
    nrt_tensor_free(&tensors[i]);
  }
  free(tensors);
  nrt_destroy_tensor_set(&inputs);
  nrt_destroy_tensor_set(&outputs);
  nrt_free_model_tensor_info(info);
  nrt_unload(model);
  nrt_close();
  return failed != 0;
}
