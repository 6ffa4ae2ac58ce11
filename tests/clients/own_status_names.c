/* SPDX-License-Identifier: Apache-2.0 */
/* A client with a nrt_get_status_as_str of its own, as public clients have one: it is the one that
   everybody in the process finds, and the library does not depend on it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <nrt/nrt.h>
#include <stdio.h>
#include <string.h>

static int calls = 0;

const char *nrt_get_status_as_str(NRT_STATUS status) {
  (void)status;
  ++calls;
  return "ours";
}

int main(void) {
  const char *(*library)(NRT_STATUS) = NULL;
  *(void **)&library = dlsym(RTLD_NEXT, "nrt_get_status_as_str");
  if (library == NULL || strcmp(library(NRT_QUEUE_FULL), "NRT_QUEUE_FULL") != 0) {
    printf("the library's own function is not behind ours\n");
    return 1;
  }
  if (nrt_init(NRT_FRAMEWORK_TYPE_NO_FW, "", "") != NRT_SUCCESS) {
    return 1;
  }
  nrt_tensor_t *tensor = NULL;
  /* A failure that the library logs with the name of its status. */
  const NRT_STATUS status = nrt_tensor_allocate(NRT_TENSOR_PLACEMENT_DEVICE, 0, 0, "t", &tensor);
  nrt_close();
  const int inside = calls;
  printf("%s, %d calls from inside\n", nrt_get_status_as_str(status), inside);
  return status == NRT_INVALID && inside == 0 && calls == 1 ? 0 : 1;
}
