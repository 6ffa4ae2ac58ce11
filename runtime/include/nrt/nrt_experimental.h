// SPDX-License-Identifier: Apache-2.0
// Parts of the Neuron Runtime that its makers call experimental.
#ifndef NRT_NRT_EXPERIMENTAL_H
#define NRT_NRT_EXPERIMENTAL_H

#include <nrt/nrt.h>

#ifdef __cplusplus
extern "C" {
#endif

#define NRT_TENSOR_NAME_MAX 256

typedef enum { NRT_TENSOR_USAGE_INPUT = 0, NRT_TENSOR_USAGE_OUTPUT = 1 } nrt_tensor_usage_t;

typedef struct nrt_tensor_info {
  char name[NRT_TENSOR_NAME_MAX];
  nrt_tensor_usage_t usage;
  size_t size;
  nrt_dtype_t dtype;
  uint32_t *shape;
  uint32_t ndim;
} nrt_tensor_info_t;

typedef struct nrt_tensor_info_array {
  uint64_t tensor_count;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"  // a flexible array, in C++ too
  nrt_tensor_info_t tensor_array[];
#pragma GCC diagnostic pop
} nrt_tensor_info_array_t;

typedef struct nrt_model_info {
  uint32_t vnc;
} nrt_model_info_t;

/// Inputs, then outputs, in the order of the program. Free with nrt_free_model_tensor_info.
NRT_STATUS nrt_get_model_tensor_info(nrt_model_t *model, nrt_tensor_info_array_t **tensor_info);
NRT_STATUS nrt_free_model_tensor_info(nrt_tensor_info_array_t *tensor_info);
NRT_STATUS nrt_get_model_info(const nrt_model_t *model, nrt_model_info_t *info, size_t info_size_in,
                              size_t *info_size_out);
NRT_STATUS nrt_get_model_instance_count(nrt_model_t *model, uint32_t *instance_count);
/// `dest` is an address of nrt_tensor_get_va.
NRT_STATUS nrt_memcpy_to_device(void *dest, const void *src, size_t size);
/// For host threads, one per rank: both wait for all ranks, and end with NRT_EXEC_HW_ERR_COLLECTIVES when one never comes.
NRT_STATUS nrt_barrier(int32_t vnc, uint32_t g_device_id, uint32_t g_device_count);
NRT_STATUS nrt_all_gather(int32_t vnc, uint32_t g_device_id, uint32_t g_device_count, uint32_t rank_input_size,
                          void *input, void *output);

typedef struct nrt_ucode_img {
  uint8_t *bin;
  size_t size;
} nrt_ucode_img;

typedef struct nrt_ucode_info {
  nrt_ucode_img iram;
  nrt_ucode_img dram;
} nrt_ucode_info;

typedef void (*nrt_async_exec_callback_t)(void *params, uint32_t model_id, uint32_t vnc, uint64_t job_id,
                                          NRT_STATUS status);

/// The implicit asynchronous mode is gone: the callback is never called, and there is nothing to drain.
NRT_STATUS nrt_register_async_exec_callback(nrt_async_exec_callback_t callback, void *params);
NRT_STATUS nrt_async_drain_queued_execs(int32_t vnc);

// Not supported: each says so in one log line.

/// NRT_FAILURE; nrt_sys_trace_start and nrt_inspect_begin take its place.
NRT_STATUS nrt_trace_start(bool trace_device);
NRT_STATUS nrt_trace_stop(const char *filename);
/// NULL, with NRT_FAILURE in `err` and the reason in `err_msg`.
void *nrt_get_libnccl_net(int *err, char *err_msg, size_t err_msg_size);
/// NRT_INVALID: the Pool engine's microcode is not simulated.
NRT_STATUS nrt_set_pool_eng_ucode(const nrt_ucode_info *ucode_info);

#ifdef __cplusplus
}
#endif

#endif
