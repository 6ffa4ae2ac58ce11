// SPDX-License-Identifier: Apache-2.0
// Tensors that a running program prints. Simulated programs print none: connecting returns NRT_FAILURE and says so in one log
// line, and there is no connection that could be closed or read (NRT_INVALID).
#ifndef NRT_NDEBUG_STREAM_H
#define NRT_NDEBUG_STREAM_H

#include <stdint.h>

#include <nrt/nrt_status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum { NDEBUG_STREAM_EVENT_TYPE_INVALID = 0, NDEBUG_STREAM_EVENT_TYPE_DEBUG_TENSOR_READ = 1 } ndebug_stream_event_type_t;

typedef struct ndebug_stream_event_header {
  uint64_t data_size;
  uint32_t type;
  char reserved[52];
} ndebug_stream_event_header_t;

typedef struct ndebug_stream_payload_debug_tensor_read {
  char prefix[512];
  uint32_t logical_nc_id;
  uint32_t pipe;
  char tensor_dtype[16];
  uint64_t tensor_shape[8];
  uint64_t tensor_data_size;
  char reserved[416];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"  // a flexible array, in C++ too
  char tensor_data[];
#pragma GCC diagnostic pop
} ndebug_stream_payload_debug_tensor_read_t;

NRT_STATUS nrt_debug_client_connect(int logical_nc_idx, int *stream_fd);
NRT_STATUS nrt_debug_client_connect_close(int stream_fd);
NRT_STATUS nrt_debug_client_read_one_event(int stream_fd, ndebug_stream_event_header_t *header, void **payload);

#ifdef __cplusplus
}
#endif

#endif
