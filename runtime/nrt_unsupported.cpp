// SPDX-License-Identifier: Apache-2.0
// Functions of the interface that have nothing to act on in the simulation: each returns its status
// and says why in one line.
#include <nrt/ndebug_stream.h>
#include <nrt/nrt_async_sendrecv.h>
#include <nrt/nrt_experimental.h>
#include <nrt/nrt_profile.h>

#include <algorithm>
#include <cstring>

#include "runtime/border.h"
#include "runtime/status.h"

using namespace nsim::rt;

namespace nsim::rt {
namespace {

NRT_STATUS refuse(const char* function, NRT_STATUS status, const char* why) {
  return in_session(function, [&](Session&) -> NRT_STATUS { throw StatusError(status, why); });
}

constexpr const char* kNoPeers = "instances are not connected in the simulation";
constexpr const char* kNotContinuous = "not supported: use nrt_inspect_begin";
constexpr const char* kNoStream = "simulated programs print no tensors: there is no debug stream";

}  // namespace
}  // namespace nsim::rt

NRT_STATUS nrt_trace_start(bool) {
  return refuse(__func__, NRT_FAILURE, "not supported: use nrt_sys_trace_start");
}

NRT_STATUS nrt_trace_stop(const char*) {
  return refuse(__func__, NRT_FAILURE, "not supported: use nrt_sys_trace_stop");
}

NRT_STATUS nrt_profile_continuous_start(void) {
  return refuse(__func__, NRT_FAILURE, kNotContinuous);
}

NRT_STATUS nrt_profile_continuous_save(uint32_t, nrt_profile_continuous_options_t*) {
  return refuse(__func__, NRT_FAILURE, kNotContinuous);
}

NRT_STATUS nrt_profile_continuous_stop(void) {
  return refuse(__func__, NRT_FAILURE, kNotContinuous);
}

NRT_STATUS nrt_inspect_export(uint64_t) {
  return refuse(__func__, NRT_FAILURE, "not supported: nrt_inspect_stop writes the files");
}

void* nrt_get_libnccl_net(int* err, char* err_msg, size_t err_msg_size) {
  constexpr const char* kWhy = "there is no network library: ranks are cores of one instance";
  const NRT_STATUS status = refuse(__func__, NRT_FAILURE, kWhy);
  if (err != nullptr) {
    *err = status;
  }
  if (err_msg != nullptr && err_msg_size != 0) {
    const std::size_t length = std::min(err_msg_size - 1, std::strlen(kWhy));
    std::memcpy(err_msg, kWhy, length);
    err_msg[length] = '\0';
  }
  return nullptr;
}

NRT_STATUS nrt_set_pool_eng_ucode(const nrt_ucode_info*) {
  return refuse(__func__, NRT_INVALID, "the Pool engine's microcode is not simulated");
}

NRT_STATUS nrt_get_dmabuf_fd(uint64_t, uint64_t, int*) {
  return refuse(__func__, NRT_INVALID, "device memory cannot be exported: use its address");
}

NRT_STATUS nrt_get_dmabuf_fd_v2(uint64_t, uint64_t, int*, uint64_t*) {
  return refuse(__func__, NRT_INVALID, "device memory cannot be exported: use its address");
}

NRT_STATUS nrt_get_attached_efa_bdf(const void*, char*, size_t*) {
  return refuse(__func__, NRT_FAILURE, "there is no network adapter beside a simulated device");
}

NRT_STATUS nrt_async_sendrecv_get_max_num_communicators_per_lnc(int*) {
  return refuse(__func__, NRT_FAILURE, kNoPeers);
}

NRT_STATUS nrt_async_sendrecv_get_max_num_pending_request(int*) {
  return refuse(__func__, NRT_FAILURE, kNoPeers);
}

NRT_STATUS nrt_async_sendrecv_init(int) {
  return refuse(__func__, NRT_FAILURE, kNoPeers);
}

NRT_STATUS nrt_async_sendrecv_close(int) {
  return refuse(__func__, NRT_FAILURE, kNoPeers);
}

NRT_STATUS nrt_async_sendrecv_connect(const char*, int, int, nrt_async_sendrecv_comm_t**) {
  return refuse(__func__, NRT_FAILURE, kNoPeers);
}

NRT_STATUS nrt_async_sendrecv_accept(const char*, int, int, nrt_async_sendrecv_comm_t**) {
  return refuse(__func__, NRT_FAILURE, kNoPeers);
}

NRT_STATUS nrt_async_sendrecv_test_comm(nrt_async_sendrecv_comm_t*, bool*) {
  return refuse(__func__, NRT_FAILURE, kNoPeers);
}

NRT_STATUS nrt_async_sendrecv_send_tensor(nrt_tensor_t*, size_t, size_t, nrt_async_sendrecv_comm_t*,
                                          nrt_async_sendrecv_request_t**) {
  return refuse(__func__, NRT_FAILURE, kNoPeers);
}

NRT_STATUS nrt_async_sendrecv_recv_tensor(nrt_tensor_t*, size_t, size_t, nrt_async_sendrecv_comm_t*,
                                          nrt_async_sendrecv_request_t**) {
  return refuse(__func__, NRT_FAILURE, kNoPeers);
}

NRT_STATUS nrt_async_sendrecv_test_request(nrt_async_sendrecv_request_t*, bool*, size_t*) {
  return refuse(__func__, NRT_FAILURE, kNoPeers);
}

NRT_STATUS nrt_async_sendrecv_flush(int) {
  return refuse(__func__, NRT_FAILURE, kNoPeers);
}

NRT_STATUS nrt_debug_client_connect(int, int*) {
  return refuse(__func__, NRT_FAILURE, kNoStream);
}

NRT_STATUS nrt_debug_client_connect_close(int) {
  return refuse(__func__, NRT_INVALID, kNoStream);
}

NRT_STATUS nrt_debug_client_read_one_event(int, ndebug_stream_event_header_t*, void**) {
  return refuse(__func__, NRT_INVALID, kNoStream);
}
