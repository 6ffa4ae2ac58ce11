// SPDX-License-Identifier: Apache-2.0
// A program that finds the runtime at run time: dlsym gives the default version of the asynchronous interface, generation C; dlvsym
// gives either.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>

#define NRTA_API_GEN C
#define NRTA_NO_SYMBOL_VERSIONS
#include <nrt/nrt_async.h>
#include <stdio.h>
#include <stdlib.h>

#define REQUIRE(condition)                                                        \
  do {                                                                            \
    if (!(condition)) {                                                           \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);     \
      return 1;                                                                   \
    }                                                                             \
  } while (0)

typedef NRT_STATUS (*init_t)(nrt_framework_type_t, const char *, const char *);
typedef void (*close_t)(void);
typedef NRT_STATUS (*allocate_t)(nrt_tensor_placement_t, int, size_t, const char *, nrt_tensor_t **);
typedef NRT_STATUS (*write_a_t)(nrt_tensor_t *, const void *, uint64_t, uint64_t, int, void *, nrta_seq_t *);
typedef NRT_STATUS (*write_c_t)(nrt_tensor_t *, const void *, uint64_t, uint64_t, int, int, NRT_STATUS *, nrta_seq_t *);
typedef NRT_STATUS (*is_completed_t)(nrta_seq_t, bool *);

static void *library;

static void *find(const char *name) { return dlsym(library, name); }
static void *find_version(const char *name, const char *version) { return dlvsym(library, name, version); }

static int wait_for(is_completed_t is_completed, nrta_seq_t sequence) {
  bool done = false;
  while (!done) {
    REQUIRE(is_completed(sequence, &done) == NRT_SUCCESS);
  }
  return 0;
}

// Function pointers come as data pointers, which C does not convert.
#define FUNCTION(type, variable, pointer)    \
  type variable = NULL;                      \
  do {                                       \
    void *found = (pointer);                 \
    REQUIRE(found != NULL);                  \
    memcpy(&variable, &found, sizeof found); \
  } while (0)

int main(void) {
  library = dlopen("libnrt.so.1", RTLD_NOW | RTLD_LOCAL);
  REQUIRE(library != NULL);
  const char *const common[] = {"nrta_tensor_write", "nrta_tensor_read",  "nrta_tensor_copy", "nrta_execute_schedule",
                                "nrta_cc_prepare",   "nrta_cc_schedule",  "nrta_is_completed", "nrta_get_sequence"};
  for (size_t i = 0; i < sizeof common / sizeof common[0]; i++) {
    REQUIRE(find(common[i]) != NULL && find(common[i]) == find_version(common[i], "NRT_3.0.0"));
    REQUIRE(find_version(common[i], "NRT_2.0.0") != NULL);
  }
  REQUIRE(find("nrta_tensor_write") != find_version("nrta_tensor_write", "NRT_2.0.0"));
  // What one generation has alone is found only in its version, or by default if it is the default one.
  REQUIRE(find("nrta_error_tracker_create") == NULL);
  REQUIRE(find_version("nrta_error_tracker_create", "NRT_2.0.0") != NULL);
  REQUIRE(find_version("nrta_get_completion_handle", "NRT_2.0.0") != NULL);
  REQUIRE(find("nrta_event_register_xu_completion") != NULL);
  REQUIRE(find_version("nrta_event_register_xu_completion", "NRT_2.0.0") == NULL);
  REQUIRE(find("nrt_init") == find_version("nrt_init", "NRT_2.0.0"));

  FUNCTION(init_t, init, find("nrt_init"));
  FUNCTION(close_t, close_runtime, find("nrt_close"));
  FUNCTION(allocate_t, allocate, find("nrt_tensor_allocate"));
  FUNCTION(write_a_t, write_a, find_version("nrta_tensor_write", "NRT_2.0.0"));
  FUNCTION(write_c_t, write_c, find("nrta_tensor_write"));
  FUNCTION(is_completed_t, is_completed, find("nrta_is_completed"));
  REQUIRE(init(NRT_FRAMEWORK_TYPE_NO_FW, "", "") == NRT_SUCCESS);
  nrt_tensor_t *tensor = NULL;
  REQUIRE(allocate(NRT_TENSOR_PLACEMENT_DEVICE, 0, 64, "t", &tensor) == NRT_SUCCESS);
  const char data[64] = "written twice";
  nrta_seq_t first = 0;
  nrta_seq_t second = 0;
  NRT_STATUS status = NRT_QUEUE_EMPTY;
  REQUIRE(write_a(tensor, data, 0, 64, 1, NULL, &first) == NRT_SUCCESS);
  REQUIRE(wait_for(is_completed, first) == 0); // another unit's work on the same tensor
  REQUIRE(write_c(tensor, data, 0, 64, 0, 1, &status, &second) == NRT_SUCCESS);
  REQUIRE(NRTA_SEQ_GET_XU_ID(first) != NRTA_SEQ_GET_XU_ID(second));
  REQUIRE(wait_for(is_completed, second) == 0);
  REQUIRE(status == NRT_SUCCESS);
  close_runtime();
  dlclose(library);
  printf("both generations found\n");
  return 0;
}
