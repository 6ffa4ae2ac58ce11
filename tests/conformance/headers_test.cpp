// SPDX-License-Identifier: Apache-2.0
// The layouts that clients were compiled with. The headers are also compiled as C11, by headers.c.
#include <nrt/ndebug_stream.h>
#include <nrt/nrt_async.h>
#include <nrt/nrt_async_sendrecv.h>
#include <nrt/nrt_experimental.h>
#include <nrt/nrt_profile.h>
#include <nrt/nrt_sys_trace.h>
#include <nrt/nrt_version.h>
#include <nsim_hooks.h>

#include <catch2/catch.hpp>
#include <cstddef>

extern "C" int headers_are_valid_c(void);

static_assert(sizeof(nrt_tensor_info_t) == 296);
static_assert(offsetof(nrt_tensor_info_t, usage) == 256);
static_assert(offsetof(nrt_tensor_info_t, size) == 264);
static_assert(offsetof(nrt_tensor_info_t, dtype) == 272);
static_assert(offsetof(nrt_tensor_info_t, shape) == 280);
static_assert(offsetof(nrt_tensor_info_t, ndim) == 288);
static_assert(sizeof(nrt_instance_info_t) == 32);
static_assert(sizeof(nrt_tensor_device_allocation_info_t) == 24);
static_assert(sizeof(nrt_cc_comm_t) == 32);
static_assert(sizeof(nrt_tensor_list_t) == 16);
static_assert(sizeof(nrt_tensor_batch_t) == 24);
static_assert(sizeof(nrt_tensor_batch_op_t) == 24);
static_assert(sizeof(nrta_error_t) == 16);
static_assert(sizeof(ndebug_stream_event_header_t) == 64);
static_assert(offsetof(ndebug_stream_payload_debug_tensor_read_t, tensor_data) == 1024);
static_assert(sizeof(nrt_version_t) == 224);
static_assert(NRTA_XU_COMPUTE == 3 && NRTA_XU_TYPE_NUM == 5);

TEST_CASE("the headers are valid C and C++, and the layouts are those of the public interface") {
  CHECK(headers_are_valid_c() == 1);
}
