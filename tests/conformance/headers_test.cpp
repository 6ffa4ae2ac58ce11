// SPDX-License-Identifier: Apache-2.0
// The layouts that clients were compiled with. The headers are also compiled alone, in every
// generation and language (headers_*).
#include <nrt/ndebug_stream.h>
#include <nrt/nrt_async_sendrecv.h>
#include <nrt/nrt_profile.h>
#include <nrt/nrt_sys_trace.h>
#include <nrt/nrt_version.h>

#include <catch2/catch.hpp>
#include <cstddef>

#include "tests/conformance/client.h"

using nsim::test::Client;

extern "C" {
int headers_of_a_are_valid_c(void);
int headers_of_a_are_valid_cpp(void);
int headers_of_b_are_valid_c(void);
int headers_of_b_are_valid_cpp(void);
int headers_of_c_are_valid_c(void);
int headers_of_c_are_valid_cpp(void);
int round_trip_b_c(nrt_tensor_t* first, nrt_tensor_t* second, uint32_t lnc, const char* given,
                   char* taken, size_t size);
int round_trip_b_cpp(nrt_tensor_t* first, nrt_tensor_t* second, uint32_t lnc, const char* given,
                     char* taken, size_t size);
}

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

TEST_CASE(
    "R16 headers of all generations as C and C++: nrta_get_sequence with three arguments means "
    "queue 0") {
  Client client;
  Client::wait(Client::start(client.job()));
  for (auto* const valid :
       {headers_of_a_are_valid_c, headers_of_a_are_valid_cpp, headers_of_b_are_valid_c,
        headers_of_b_are_valid_cpp, headers_of_c_are_valid_c, headers_of_c_are_valid_cpp}) {
    CHECK(valid() == 1);
  }
}

TEST_CASE("R53 generation B's tensor operations run on the tensor's own core") {
  Client client;
  for (auto* const round_trip : {round_trip_b_c, round_trip_b_cpp}) {
    for (int core = 0; core < 2; ++core) {
      const std::string given = "by generation B";
      std::string taken(given.size(), '.');
      CHECK(round_trip(client.tensor(64, core), client.tensor(64, core),
                       static_cast<std::uint32_t>(core), given.data(), taken.data(),
                       given.size()) == 1);
      CHECK(taken == given);
    }
  }
}
