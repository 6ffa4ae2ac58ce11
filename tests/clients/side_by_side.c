// SPDX-License-Identifier: Apache-2.0
// A program of generation A with a plug-in of generation C in one process: one runtime, one session, the same units.
#include <dlfcn.h>
#include <string.h>

#include "client.h"

typedef nrta_seq_t (*run_plugin_t)(nrt_tensor_t *tensor, const void *data, size_t size);

int main(int argc, char **argv) {
  REQUIRE(argc == 2);
  open_runtime();
  nrt_tensor_t *tensor = NULL;
  CHECK(nrt_tensor_allocate(NRT_TENSOR_PLACEMENT_DEVICE, 0, 64, "t", &tensor));

  void *plugin = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  REQUIRE(plugin != NULL);
  void *found = dlsym(plugin, "run_plugin");
  REQUIRE(found != NULL);
  run_plugin_t run_plugin = NULL;
  memcpy(&run_plugin, &found, sizeof found);

  const char given[64] = "from the plug-in to the program";
  char taken[64] = {0};
  const nrta_seq_t written = run_plugin(tensor, given, sizeof given);
  bool done = false;
  CHECK(nrta_is_completed(written, &done));  // an id of one generation is one of the other
  REQUIRE(done);
  nrta_seq_t last = 0;
  CHECK(nrta_get_sequence(0, NRTA_XU_TENSOR_OP, 1, &last));
  REQUIRE(last == written);

  nrta_error_tracker_t *tracker = NULL;
  CHECK(nrta_error_tracker_create(0, &tracker));
  nrta_seq_t read = 0;
  CHECK(nrta_tensor_read(taken, tensor, 0, sizeof taken, 1, tracker, &read));
  REQUIRE(NRTA_SEQ_GET_XU_ID(read) != NRTA_SEQ_GET_XU_ID(written));
  do {
    CHECK(nrta_is_completed(read, &done));
  } while (!done);
  REQUIRE(memcmp(given, taken, sizeof given) == 0);
  nrta_error_tracker_destroy(tracker);
  nrt_close();
  dlclose(plugin);
  printf("generations A and C in one process\n");
  return 0;
}
