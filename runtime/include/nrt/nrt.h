// SPDX-License-Identifier: Apache-2.0
// The Neuron Runtime: life cycle, models, tensors, synchronous execution.
//
// Every function may be called from any thread; only freeing an object while another thread uses it is the caller's mistake.
// Functions that say nothing else return NRT_UNINITIALIZED before nrt_init, NRT_CLOSED after nrt_close, NRT_INVALID for a
// NULL pointer and NRT_INVALID_HANDLE for an object that was freed; a failing call changes nothing.
#ifndef NRT_NRT_H
#define NRT_NRT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <nrt/nrt_status.h>

#ifdef __cplusplus
extern "C" {
#endif

#define NRT_MAJOR_VERSION 2
#define NRT_MINOR_VERSION 0

typedef struct nrt_model nrt_model_t;
typedef struct nrt_tensor nrt_tensor_t;
typedef void nrt_tensor_set_t;
typedef struct nrt_cc_context nrt_cc_context_t;

typedef enum {
  NRT_TENSOR_PLACEMENT_DEVICE = 0,
  NRT_TENSOR_PLACEMENT_HOST = 1,
  NRT_TENSOR_PLACEMENT_VIRTUAL = 2
} nrt_tensor_placement_t;

typedef enum {
  NRT_FRAMEWORK_TYPE_INVALID = 0,
  NRT_FRAMEWORK_TYPE_NO_FW = 1,
  NRT_FRAMEWORK_TYPE_TENSORFLOW = 2,
  NRT_FRAMEWORK_TYPE_PYTORCH = 3,
  NRT_FRAMEWORK_TYPE_MXNET = 4,
  NRT_FRAMEWORK_TYPE_PRECHECK = 5
} nrt_framework_type_t;

typedef enum {
  NRT_INSTANCE_UNKNOWN = 0,
  NRT_INSTANCE_INF1 = 1,
  NRT_INSTANCE_TRN1 = 2,
  NRT_INSTANCE_TRN1N = 3,
  NRT_INSTANCE_INF2 = 4,
  NRT_INSTANCE_TRN2 = 5,
  NRT_INSTANCE_TRN2N = 6,
  NRT_INSTANCE_INF2E = 7,
  NRT_INSTANCE_TRN2P = 8,
  NRT_INSTANCE_TRN2U = 9,
  NRT_INSTANCE_TRN2E = 10,
  NRT_INSTANCE_TRN2EU = 11,
  NRT_INSTANCE_TRN2AC = 12,
  NRT_INSTANCE_TRN2UAC = 13,
  NRT_INSTANCE_TRN3 = 14,
  NRT_INSTANCE_TRN3PDS98 = 15,
  NRT_INSTANCE_TRN2EN = 16,
  NRT_INSTANCE_TRN3E = 17
} nrt_instance_family_t;

typedef enum {
  NRT_INSTANCE_SIZE_1XL = 0,
  NRT_INSTANCE_SIZE_2XL = 1,
  NRT_INSTANCE_SIZE_4XL = 2,
  NRT_INSTANCE_SIZE_6XL = 3,
  NRT_INSTANCE_SIZE_8XL = 4,
  NRT_INSTANCE_SIZE_24XL = 5,
  NRT_INSTANCE_SIZE_32XL = 6,
  NRT_INSTANCE_SIZE_48XL = 7,
  NRT_INSTANCE_SIZE_3XL = 8,
  NRT_INSTANCE_SIZE_UNKNOWN = 9
} nrt_instance_size_t;

typedef enum {
  NRT_PINNED_MALLOC = 0,
  NRT_PINNED_HUGEPAGE_2M = 1,
  NRT_PINNED_HUGEPAGE_1G = 2
} nrt_pinned_malloc_type_t;

typedef enum { NRT_OP_ADD = 0, NRT_OP_FMA = 1, NRT_OP_MAX = 2, NRT_OP_MIN = 3, NRT_OP_INVALID = 0xF } nrt_op_type_t;

typedef enum { NRT_CC_ALLGATHER = 0, NRT_CC_ALLREDUCE = 1, NRT_CC_REDUCESCATTER = 2 } nrt_cc_op_type_t;

typedef enum {
  NRT_DTYPE_UNKNOWN = 0x0,
  NRT_DTYPE_INVALID = 0x0,
  NRT_DTYPE_UINT64 = 0x1,
  NRT_DTYPE_INT8 = 0x2,
  NRT_DTYPE_UINT8 = 0x3,
  NRT_DTYPE_INT16 = 0x4,
  NRT_DTYPE_UINT16 = 0x5,
  NRT_DTYPE_BFLOAT16 = 0x6,
  NRT_DTYPE_FLOAT16 = 0x7,
  NRT_DTYPE_INT32 = 0x8,
  NRT_DTYPE_UINT32 = 0x9,
  NRT_DTYPE_FLOAT32 = 0xA,
  NRT_DTYPE_FP32R = 0xB,
  NRT_DTYPE_INT64 = 0xC,
  NRT_DTYPE_FP8_E3 = 0xD,
  NRT_DTYPE_FP8_E4 = 0xE,
  NRT_DTYPE_FP8_E5 = 0xF
} nrt_dtype_t;

typedef struct nrt_instance_info {
  uint32_t family;
  uint32_t size;
  char arch_name[16];
  char device_revision[8];
} nrt_instance_info_t;

typedef struct nrt_tensor_device_allocation_info {
  uint64_t physical_address;
  size_t size;
  int hbm_index;
} nrt_tensor_device_allocation_info_t;

typedef struct nrt_vnc_memory_stats {
  size_t bytes_used;
  size_t bytes_limit;
} nrt_vnc_memory_stats_t;

/// One allocation in device memory. The layout is ours; that of the makers is not published.
typedef struct nrt_device_allocation_chunk {
  uint64_t physical_address;
  uint64_t size;  // with what rounding to pages adds
  int32_t hbm_index;
  char category[20];  // "tensors", "model constants", ...
} nrt_device_allocation_chunk_t;

typedef struct nrt_tensor_batch_op {
  uint64_t offset;
  uint64_t size;
  void *buffer;
} nrt_tensor_batch_op_t;

typedef struct nrt_tensor_batch {
  const nrt_tensor_t *tensor;
  const nrt_tensor_batch_op_t *ops;
  uint32_t num_ops;
} nrt_tensor_batch_t;

typedef struct nrt_tensor_list {
  nrt_tensor_t **tensors;
  size_t num_tensors;
} nrt_tensor_list_t;

typedef struct nrt_cc_comm {
  uint32_t *replica_group;
  uint32_t rank;
  uint32_t rank_n;
  uint32_t ctx_device_id;
  uint32_t ctx_device_count;
  uint32_t vnc;
} nrt_cc_comm_t;

// Life cycle.

/// Claims logical cores as the environment says and starts the device. A second call without nrt_close in between succeeds
/// and does nothing.
NRT_STATUS nrt_init(nrt_framework_type_t framework, const char *fw_version, const char *fal_version);
/// Finishes what is running, cancels what is queued (status NRT_CLOSED), frees everything. Harmless when not initialised.
void nrt_close(void);

/// Logical cores of the instance, and those of this process. Any time, also before nrt_init.
NRT_STATUS nrt_get_total_nc_count(uint32_t *nc_count);
NRT_STATUS nrt_get_total_vnc_count(uint32_t *vnc_count);
NRT_STATUS nrt_get_visible_nc_count(uint32_t *nc_count);
NRT_STATUS nrt_get_visible_vnc_count(uint32_t *vnc_count);

NRT_STATUS nrt_get_instance_info(nrt_instance_info_t *info, size_t instance_info_len);

// Models.

/// Loads a program container onto logical core `vnc` (-1: the first one without a model). `vnc_count` is -1 or 1. The bytes
/// are not needed any more after the call. NRT_INVALID: malformed, or made for another number of physical cores per logical
/// core; NRT_UNSUPPORTED_NEFF_VERSION: not executable here; NRT_LOAD_NOT_ENOUGH_NC: no free core; NRT_RESOURCE: no memory.
NRT_STATUS nrt_load(const void *neff_bytes, size_t size, int32_t vnc, int32_t vnc_count, nrt_model_t **model);
NRT_STATUS nrt_load_collectives(const void *neff_bytes, size_t size, int32_t vnc, int32_t vnc_count,
                                uint32_t ctx_device_id, uint32_t ctx_device_count, nrt_model_t **model);
/// Waits for the model's requests.
NRT_STATUS nrt_unload(nrt_model_t *model);
NRT_STATUS nrt_get_model_nc_count(const nrt_model_t *model, uint32_t *nc_count);
NRT_STATUS nrt_get_model_vnc_count(const nrt_model_t *model, uint32_t *vnc_count);

/// Runs the model once and waits. The request is placed at the tail of the core's compute queue.
NRT_STATUS nrt_execute(nrt_model_t *model, const nrt_tensor_set_t *input_set, nrt_tensor_set_t *output_set);
/// Runs it `repeat_count` times; from the second on, the i-th input is the i-th output of the run before.
NRT_STATUS nrt_execute_repeat(nrt_model_t *model, const nrt_tensor_set_t *input_set, nrt_tensor_set_t *output_set,
                              int repeat_count);

// Tensor sets: maps from the names of a model's tensors to tensors.

NRT_STATUS nrt_allocate_tensor_set(nrt_tensor_set_t **result);
/// Frees the set, not the tensors, and sets the pointer to NULL.
void nrt_destroy_tensor_set(nrt_tensor_set_t **tensor_set);
NRT_STATUS nrt_add_tensor_to_tensor_set(nrt_tensor_set_t *tensor_set, const char *tensor_name, nrt_tensor_t *tensor);
/// NRT_FAILURE when the name is not in the set.
NRT_STATUS nrt_get_tensor_from_tensor_set(nrt_tensor_set_t *tensor_set, const char *tensor_name,
                                          nrt_tensor_t **tensor);

// Tensors. Ranges outside of a tensor are NRT_INVALID.

NRT_STATUS nrt_tensor_allocate(nrt_tensor_placement_t tensor_placement, int vnc, size_t size, const char *name,
                               nrt_tensor_t **tensor);
/// Sets the pointer to NULL. The memory is released when the last slice and the last request using it are gone.
void nrt_tensor_free(nrt_tensor_t **tensor);
NRT_STATUS nrt_tensor_read(const nrt_tensor_t *tensor, void *buf, size_t offset, size_t size);
NRT_STATUS nrt_tensor_write(nrt_tensor_t *tensor, const void *buf, size_t offset, size_t size);
/// Many reads or writes; all ranges are checked before the first one runs. Newer clients leave `unsafe` out: it is ignored.
NRT_STATUS nrt_tensor_read_batch(const nrt_tensor_batch_t *batches, uint64_t num_batches, bool unsafe);
NRT_STATUS nrt_tensor_write_batch(const nrt_tensor_batch_t *batches, uint64_t num_batches, bool unsafe);
/// Two device tensors must belong to the same logical core. Overlapping ranges behave like memmove only when
/// the destination lies before the source.
NRT_STATUS nrt_tensor_copy(const nrt_tensor_t *src, size_t src_offset, nrt_tensor_t *dst, size_t dst_offset,
                           size_t size);
NRT_STATUS nrt_tensor_memset(nrt_tensor_t *tensor, uint64_t offset, int value, size_t size);
/// Bytes; 0 for NULL and for a tensor without storage.
size_t nrt_tensor_get_size(const nrt_tensor_t *tensor);
/// A tensor without storage, until nrt_tensor_attach_buffer.
NRT_STATUS nrt_tensor_allocate_empty(const char *name, nrt_tensor_t **tensor);
/// Makes the caller's memory the storage of the tensor; it must outlive the tensor and is not freed with it.
NRT_STATUS nrt_tensor_attach_buffer(nrt_tensor_t *tensor, void *buffer, size_t size);
/// A view of a part; shares and keeps the storage.
NRT_STATUS nrt_tensor_allocate_slice(const nrt_tensor_t *tensor_source, size_t offset, size_t size, const char *name,
                                     nrt_tensor_t **tensor_slice);
/// CPU address of the tensor's bytes, coherent with the device; NULL on failure.
void *nrt_tensor_get_va(const nrt_tensor_t *tensor);
NRT_STATUS nrt_tensor_get_device_allocation_info(const nrt_tensor_t *tensor,
                                                 nrt_tensor_device_allocation_info_t *alloc_info);
/// Waits until `expected_completion_count` executions have written the tensor. A negative timeout means none; a warning says
/// so after 30 seconds. With the step clock the timeout is simulated time, with the free clock whichever time passes first.
NRT_STATUS nrt_tensor_check_output_completion(const nrt_tensor_t *output_tensor, int64_t timeout_in_us,
                                              uint64_t expected_completion_count);
NRT_STATUS nrt_tensor_reset_output_completion(nrt_tensor_t *output_tensor);
/// Logical core the tensor was allocated for; -1 for memory of the host.
NRT_STATUS nrt_tensor_get_lnc_index(const nrt_tensor_t *tensor, int *lnc_idx);

NRT_STATUS nrt_get_vnc_memory_stats(uint32_t vnc, nrt_vnc_memory_stats_t *stats, size_t stats_size_in,
                                    size_t *stats_size_out);
/// The whole memory of a device's HBM stack. NRT_INVALID_HANDLE past the last one.
NRT_STATUS nrt_get_hbm_mmap_va(int device_id, int hbm_idx, void **addr, size_t *size);
/// Device memory cannot be exported: NRT_INVALID, upon which callers use the address itself.
NRT_STATUS nrt_get_dmabuf_fd(uint64_t va, uint64_t size, int *fd);
NRT_STATUS nrt_get_dmabuf_fd_v2(uint64_t va, uint64_t size, int *fd, uint64_t *offset);
/// There is no network adapter beside a simulated device: NRT_FAILURE.
NRT_STATUS nrt_get_attached_efa_bdf(const void *va, char *efa_bdf, size_t *len);
/// Every device has the number on the host that it has in the process.
/// The device that a visible logical core is part of.
NRT_STATUS nrt_get_device_id(int lnc_idx, int *device_id);
NRT_STATUS nrt_host_device_id_get(int neuron_dev, uint32_t *host_device_id);
/// Routing ids by host device id; `*count` is the room in the list and becomes the number of devices (also when the list is
/// NULL). NRT_RESOURCE when the room is too small.
NRT_STATUS nrt_host_device_id_rid_map_get(uint32_t *count, uint32_t *host_did_to_rid_map);

/// Host memory for fast transfers, aligned to the pages named by `type`; NULL on failure. Freeing works after nrt_close too.
void *nrt_pinned_malloc(size_t size, nrt_pinned_malloc_type_t type);
void nrt_pinned_free(void *memory);

/// The allocations in the HBM stack of a logical core, by address; `*count` as for nrt_host_device_id_rid_map_get.
NRT_STATUS nrt_dump_device_allocation_info(int lnc_idx, nrt_device_allocation_chunk_t *chunks, uint32_t *count);
/// Logs who uses the memory of a logical core's HBM stack, as when an allocation fails.
NRT_STATUS nrt_debug_log_oom_report(int lnc_idx);

// Collectives: makes logical core `vnc` rank `g_device_id` of a world of `g_device_count` ranks, all of them cores of this
// process. Does not wait for the others. NRT_INVALID for what contradicts an earlier call.

NRT_STATUS nrt_build_global_comm(int32_t vnc, uint32_t g_device_id, uint32_t g_device_count);
NRT_STATUS nrt_cc_global_comm_init(uint32_t vnc, uint32_t g_device_id, uint32_t g_device_count);

#ifdef __cplusplus
}
#endif

#endif
