// SPDX-License-Identifier: Apache-2.0
// A client of the asynchronous runtime interface that knows nothing of the simulator: loads the program container named on the
// command line, fills its inputs with ones, executes it 8 times, and prints the first value of every output.
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <nrt/nrt_async.h>
#include <nrt/nrt_experimental.h>

#include "async_example_body.inc"

static void check(NRT_STATUS status, const char *what) {
  if (status != NRT_SUCCESS) {
    fprintf(stderr, "%s: %s\n", what, nrt_get_status_as_str(status));
    exit(1);
  }
}

static void *read_file(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) {
    perror(path);
    exit(1);
  }
  fseek(file, 0, SEEK_END);
  *size = (size_t)ftell(file);
  rewind(file);
  void *bytes = malloc(*size);
  if (bytes == NULL || fread(bytes, 1, *size, file) != *size) {
    fprintf(stderr, "cannot read %s\n", path);
    exit(1);
  }
  fclose(file);
  return bytes;
}

/// 1.0 in every element; only the types that the example programs use.
static void fill_with_ones(unsigned char *bytes, size_t size, nrt_dtype_t dtype) {
  const float one = 1.0F;
  const uint16_t bfloat16_one = 0x3f80;
  const int is_bfloat16 = dtype == NRT_DTYPE_BFLOAT16;
  const size_t element = is_bfloat16 ? sizeof bfloat16_one : sizeof one;
  for (size_t at = 0; at + element <= size; at += element) {
    memcpy(bytes + at, is_bfloat16 ? (const void *)&bfloat16_one : (const void *)&one, element);
  }
}

static float first_value(const unsigned char *bytes, nrt_dtype_t dtype) {
  uint32_t bits = 0;
  memcpy(&bits, bytes, dtype == NRT_DTYPE_BFLOAT16 ? 2 : 4);
  bits = dtype == NRT_DTYPE_BFLOAT16 ? bits << 16 : bits;
  float value = 0;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/// Allocates every input and output on the device and adds it to its set; inputs get their values.
static void make_tensors(const nrt_tensor_info_array_t *info, nrt_tensor_set_t *inputs, nrt_tensor_set_t *outputs,
                         nrt_tensor_t **tensors) {
  for (uint64_t i = 0; i < info->tensor_count; i++) {
    const nrt_tensor_info_t *each = &info->tensor_array[i];
    const int is_input = each->usage == NRT_TENSOR_USAGE_INPUT;
    check(nrt_tensor_allocate(NRT_TENSOR_PLACEMENT_DEVICE, 0, each->size, each->name, &tensors[i]), "nrt_tensor_allocate");
    check(nrt_add_tensor_to_tensor_set(is_input ? inputs : outputs, each->name, tensors[i]), "nrt_add_tensor_to_tensor_set");
    if (is_input) {
      unsigned char *bytes = (unsigned char *)calloc(1, each->size);
      fill_with_ones(bytes, each->size, each->dtype);
      check(nrt_tensor_write(tensors[i], bytes, 0, each->size), "nrt_tensor_write");
      free(bytes);
    }
  }
}

static void print_outputs(const nrt_tensor_info_array_t *info, nrt_tensor_t **tensors) {
  for (uint64_t i = 0; i < info->tensor_count; i++) {
    const nrt_tensor_info_t *each = &info->tensor_array[i];
    if (each->usage == NRT_TENSOR_USAGE_OUTPUT) {
      unsigned char *bytes = (unsigned char *)calloc(1, each->size);
      check(nrt_tensor_read(tensors[i], bytes, 0, each->size), "nrt_tensor_read");
      printf("%s[0] = %g\n", each->name, first_value(bytes, each->dtype));
      free(bytes);
    }
  }
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: %s CONTAINER\n", argv[0]);
    return 2;
  }
  check(nrt_init(NRT_FRAMEWORK_TYPE_NO_FW, "", ""), "nrt_init");
  size_t size = 0;
  void *neff = read_file(argv[1], &size);
  nrt_model_t *model = NULL;
  check(nrt_load(neff, size, 0, -1, &model), "nrt_load");
  free(neff);

  nrt_tensor_info_array_t *info = NULL;
  nrt_tensor_set_t *inputs = NULL;
  nrt_tensor_set_t *outputs = NULL;
  check(nrt_get_model_tensor_info(model, &info), "nrt_get_model_tensor_info");
  check(nrt_allocate_tensor_set(&inputs), "nrt_allocate_tensor_set");
  check(nrt_allocate_tensor_set(&outputs), "nrt_allocate_tensor_set");
  nrt_tensor_t **tensors = (nrt_tensor_t **)calloc(info->tensor_count, sizeof *tensors);
  make_tensors(info, inputs, outputs, tensors);

  const int failed = run_requests(0, model, inputs, outputs);
  if (!failed) {
    print_outputs(info, tensors);
  }

  for (uint64_t i = 0; i < info->tensor_count; i++) {
    nrt_tensor_free(&tensors[i]);
  }
  free(tensors);
  nrt_destroy_tensor_set(&inputs);
  nrt_destroy_tensor_set(&outputs);
  nrt_free_model_tensor_info(info);
  nrt_unload(model);
  nrt_close();
  return failed;
}
