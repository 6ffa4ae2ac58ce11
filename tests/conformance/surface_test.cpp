// SPDX-License-Identifier: Apache-2.0
// Functions around tensors and devices: what they answer, and what the unsupported ones say.
#include <nrt/ndebug_stream.h>
#include <nrt/nrt_async_sendrecv.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <fstream>

#include "tests/conformance/client.h"

using nsim::test::Client;
using nsim::test::EnvironmentGuard;

namespace {

// How clients of newer headers call the batches: without the last argument.
using ShortBatch = NRT_STATUS (*)(const nrt_tensor_batch_t*, std::uint64_t);

}  // namespace

TEST_CASE(
    "R51 batches take both forms of the call, and check everything before they move anything") {
  Client client;
  nrt_tensor_t* tensor = client.tensor(64);
  std::uint32_t in[2] = {11, 22};
  const nrt_tensor_batch_op_t writes[] = {{0, 4, &in[0]}, {60, 4, &in[1]}};
  const nrt_tensor_batch_t batch{tensor, writes, 2};
  const auto write = reinterpret_cast<ShortBatch>(reinterpret_cast<void*>(&nrt_tensor_write_batch));
  const auto read = reinterpret_cast<ShortBatch>(reinterpret_cast<void*>(&nrt_tensor_read_batch));
  REQUIRE(write(&batch, 1) == NRT_SUCCESS);
  std::uint32_t out[2] = {};
  const nrt_tensor_batch_op_t reads[] = {{60, 4, &out[1]}, {0, 4, &out[0]}};
  const nrt_tensor_batch_t back{tensor, reads, 2};
  REQUIRE(read(&back, 1) == NRT_SUCCESS);
  CHECK(out[0] == 11);
  CHECK(out[1] == 22);
  out[0] = 0;
  const nrt_tensor_batch_t batches[] = {back, {tensor, nullptr, 1}};
  CHECK(nrt_tensor_read_batch(batches, 2, true) == NRT_INVALID);
  CHECK(out[0] == 0);
  CHECK(nrt_tensor_read_batch(nullptr, 1, true) == NRT_INVALID);
  CHECK(nrt_tensor_read_batch(batches, 0, true) == NRT_SUCCESS);
}

TEST_CASE(
    "R51 ranges are checked without overflow by every synchronous call; nothing may be moved") {
  Client client;
  nrt_tensor_t* tensor = client.tensor(64);
  nrt_tensor_t* other = client.tensor(64);
  nrt_tensor_t* slice = nullptr;
  char byte = 0;
  for (const auto& [offset, size] :
       {std::pair<std::size_t, std::size_t>{64, 1}, {1, 64}, {SIZE_MAX, 2}, {2, SIZE_MAX}}) {
    CHECK(nrt_tensor_read(tensor, &byte, offset, size) == NRT_INVALID);
    CHECK(nrt_tensor_write(tensor, &byte, offset, size) == NRT_INVALID);
    CHECK(nrt_tensor_memset(tensor, offset, 1, size) == NRT_INVALID);
    CHECK(nrt_tensor_copy(tensor, offset, other, 0, size) == NRT_INVALID);
    CHECK(nrt_tensor_copy(other, 0, tensor, offset, size) == NRT_INVALID);
    CHECK(nrt_tensor_allocate_slice(tensor, offset, size, "s", &slice) == NRT_INVALID);
  }
  CHECK(slice == nullptr);
  CHECK(nrt_tensor_read(tensor, &byte, 64, 0) == NRT_SUCCESS);
  CHECK(nrt_tensor_memset(tensor, 64, 1, 0) == NRT_SUCCESS);
}

TEST_CASE("a tensor without storage gets the caller's buffer and works in its place") {
  Client client;
  nrt_tensor_t* tensor = nullptr;
  REQUIRE(nrt_tensor_allocate_empty("late", &tensor) == NRT_SUCCESS);
  CHECK(nrt_tensor_get_size(tensor) == 0);
  CHECK(nrt_tensor_get_va(tensor) == nullptr);
  char byte = 3;
  CHECK(nrt_tensor_write(tensor, &byte, 0, 1) == NRT_INVALID);
  std::uint8_t buffer[16] = {};
  CHECK(nrt_tensor_attach_buffer(tensor, nullptr, 16) == NRT_INVALID);
  REQUIRE(nrt_tensor_attach_buffer(tensor, buffer, sizeof buffer) == NRT_SUCCESS);
  CHECK(nrt_tensor_get_size(tensor) == sizeof buffer);
  CHECK(nrt_tensor_get_va(tensor) == buffer);
  REQUIRE(nrt_tensor_write(tensor, &byte, 5, 1) == NRT_SUCCESS);
  CHECK(buffer[5] == 3);
  nrt_tensor_device_allocation_info_t info{};
  CHECK(nrt_tensor_get_device_allocation_info(tensor, &info) == NRT_INVALID);
  nrt_tensor_t* device = client.tensor(16);
  REQUIRE(nrt_tensor_copy(tensor, 0, device, 0, 16) == NRT_SUCCESS);
  REQUIRE(nrt_tensor_attach_buffer(device, buffer, 8) == NRT_SUCCESS);
  CHECK(nrt_tensor_get_size(device) == 8);
  nrt_tensor_free(&device);
  CHECK(buffer[5] == 3);
}

TEST_CASE("R76 two tensors may have one name, or none") {
  Client client;
  nrt_tensor_t* tensors[3] = {};
  const char* names[] = {"same", "same", nullptr};
  for (int i = 0; i < 3; ++i) {
    CHECK(nrt_tensor_allocate(NRT_TENSOR_PLACEMENT_DEVICE, 0, 16, names[i], &tensors[i]) ==
          NRT_SUCCESS);
  }
  CHECK(nrt_tensor_get_va(tensors[0]) != nrt_tensor_get_va(tensors[1]));
}

TEST_CASE("R77 what fills a stack is listed, counted and left as a table") {
  Client client;
  nrt_tensor_t* tensor = client.tensor(5000);
  nrt_tensor_device_allocation_info_t info{};
  REQUIRE(nrt_tensor_get_device_allocation_info(tensor, &info) == NRT_SUCCESS);
  CHECK(info.size >= 5000);
  std::uint32_t count = 0;
  REQUIRE(nrt_dump_device_allocation_info(0, nullptr, &count) == NRT_SUCCESS);
  REQUIRE(count >= 1);
  std::vector<nrt_device_allocation_chunk_t> chunks(count);
  std::uint32_t room = count - 1;
  CHECK(nrt_dump_device_allocation_info(0, chunks.data(), &room) == NRT_RESOURCE);
  REQUIRE(nrt_dump_device_allocation_info(0, chunks.data(), &count) == NRT_SUCCESS);
  bool found = false;
  for (const nrt_device_allocation_chunk_t& chunk : chunks) {
    found |= chunk.physical_address == info.physical_address && chunk.size >= 5000 &&
             chunk.hbm_index == info.hbm_index && std::strcmp(chunk.category, "tensors") == 0;
  }
  CHECK(found);
  CHECK(nrt_dump_device_allocation_info(1000, nullptr, &count) == NRT_INVALID);
  CHECK(nrt_debug_log_oom_report(-1) == NRT_INVALID);
  REQUIRE(nrt_debug_log_oom_report(0) == NRT_SUCCESS);
  std::ifstream table("/tmp/neuron_mem_table_device_0_hbm_0.log");
  std::string line;
  REQUIRE(std::getline(table, line));
  CHECK_THAT(line, Catch::StartsWith("memory of device 0 HBM 0"));
}

TEST_CASE("R80 checks and resets of completions name what is wrong with their arguments") {
  Client client;
  CHECK(nrt_tensor_check_output_completion(nullptr, 0, 0) == NRT_INVALID);
  CHECK(nrt_tensor_reset_output_completion(nullptr) == NRT_INVALID);
  nrt_tensor_t* tensor = client.tensor(16);
  CHECK(nrt_tensor_check_output_completion(tensor, 0, 0) == NRT_SUCCESS);
  CHECK(nrt_tensor_check_output_completion(tensor, 0, 1) == NRT_TIMEOUT);
}

TEST_CASE("R80 a failed execution does not count as one that wrote its outputs") {
  Client client;
  const Client::Job job = client.job();
  REQUIRE(nsim_hook_inject(0, NRTA_XU_COMPUTE, 0, NSIM_FAULT_OUT_OF_BOUNDS, 0) == NRT_SUCCESS);
  CHECK(nrt_execute(job.model, job.inputs, job.outputs) == NRT_EXEC_OOB);
  CHECK(nrt_tensor_check_output_completion(job.y, 0, 1) == NRT_TIMEOUT);
  CHECK(nrt_execute(job.model, job.inputs, job.outputs) == NRT_SUCCESS);
  CHECK(nrt_tensor_check_output_completion(job.y, 0, 1) == NRT_SUCCESS);
}

TEST_CASE("pinned memory is aligned to its pages and outlives the session") {
  char* memory[2] = {};
  {
    Client client;
    memory[0] = static_cast<char*>(nrt_pinned_malloc(100, NRT_PINNED_MALLOC));
    memory[1] = static_cast<char*>(nrt_pinned_malloc(100, NRT_PINNED_HUGEPAGE_2M));
    REQUIRE(memory[0] != nullptr);
    REQUIRE(memory[1] != nullptr);
    CHECK(reinterpret_cast<std::uintptr_t>(memory[0]) % 4096 == 0);
    CHECK(reinterpret_cast<std::uintptr_t>(memory[1]) % (2U << 20U) == 0);
    CHECK(nrt_pinned_malloc(0, NRT_PINNED_MALLOC) == nullptr);
    CHECK(nrt_pinned_malloc(1, static_cast<nrt_pinned_malloc_type_t>(9)) == nullptr);
    CHECK(nrt_pinned_malloc(SIZE_MAX / 2, NRT_PINNED_MALLOC) == nullptr);
    nrt_tensor_t* tensor = client.tensor(100);
    memory[0][99] = 7;
    REQUIRE(nrt_tensor_write(tensor, memory[0], 0, 100) == NRT_SUCCESS);
    REQUIRE(nrt_tensor_read(tensor, memory[1], 0, 100) == NRT_SUCCESS);
  }
  CHECK(memory[1][99] == 7);
  nrt_pinned_free(memory[0]);
  nrt_pinned_free(memory[1]);
  nrt_pinned_free(nullptr);
}

TEST_CASE("device ids are the host's, and every HBM stack can be mapped up to the last") {
  Client client;
  std::uint32_t count = 0;
  REQUIRE(nrt_host_device_id_rid_map_get(&count, nullptr) == NRT_SUCCESS);
  std::vector<std::uint32_t> map(count);
  REQUIRE(nrt_host_device_id_rid_map_get(&count, map.data()) == NRT_SUCCESS);
  for (std::uint32_t device = 0; device < count; ++device) {
    std::uint32_t host = 99;
    CHECK(nrt_host_device_id_get(static_cast<int>(device), &host) == NRT_SUCCESS);
    CHECK(host == device);
    CHECK(map[device] == device);
  }
  std::uint32_t none = 0;
  CHECK(nrt_host_device_id_rid_map_get(&none, map.data()) == NRT_RESOURCE);
  CHECK(nrt_host_device_id_get(static_cast<int>(count), &none) == NRT_INVALID);
  void* address = nullptr;
  std::size_t size = 0;
  int stacks = 0;
  while (nrt_get_hbm_mmap_va(0, stacks, &address, &size) == NRT_SUCCESS) {
    CHECK(address != nullptr);
    ++stacks;
  }
  CHECK(stacks >= 1);
  CHECK(nrt_get_hbm_mmap_va(0, stacks, &address, &size) == NRT_INVALID_HANDLE);
  CHECK(nrt_get_hbm_mmap_va(-1, 0, &address, &size) == NRT_INVALID);
  nrt_tensor_t* tensor = client.tensor(16);
  REQUIRE(nrt_get_hbm_mmap_va(0, 0, &address, &size) == NRT_SUCCESS);
  const char* va = static_cast<const char*>(nrt_tensor_get_va(tensor));
  CHECK(va >= static_cast<const char*>(address));
  CHECK(va < static_cast<const char*>(address) + size);
}

TEST_CASE("sized queries write no more than the caller has room for") {
  Client client;
  unsigned char bytes[40];
  std::memset(bytes, 0xee, sizeof bytes);
  REQUIRE(nrt_get_instance_info(reinterpret_cast<nrt_instance_info_t*>(bytes), 4) == NRT_SUCCESS);
  CHECK(bytes[4] == 0xee);
  std::size_t written = 0;
  REQUIRE(nrt_get_vnc_memory_stats(0, reinterpret_cast<nrt_vnc_memory_stats_t*>(bytes), 8,
                                   &written) == NRT_SUCCESS);
  CHECK(written == 8);
  CHECK(bytes[8] == 0xee);
  nrt_model_t* model = client.load();
  std::uint32_t count = 0;
  CHECK(nrt_get_model_nc_count(model, &count) == NRT_SUCCESS);
  CHECK(count == 1);
  CHECK(nrt_get_model_vnc_count(model, &count) == NRT_SUCCESS);
  CHECK(nrt_get_model_instance_count(model, &count) == NRT_SUCCESS);
  CHECK(count == 1);
  CHECK(nrt_get_model_nc_count(model, nullptr) == NRT_INVALID);
}

TEST_CASE("R30 what is left of the implicit asynchronous mode does nothing, successfully") {
  Client client({{"NEURON_RT_ASYNC_EXEC_MAX_INFLIGHT_REQUESTS", "4"}});
  const auto callback = [](void*, std::uint32_t, std::uint32_t, std::uint64_t, NRT_STATUS) {};
  CHECK(nrt_register_async_exec_callback(callback, nullptr) == NRT_SUCCESS);
  CHECK(nrt_async_drain_queued_execs(0) == NRT_SUCCESS);
  CHECK(nrt_async_drain_queued_execs(1000) == NRT_INVALID);
}

TEST_CASE("R1 unsupported functions have the status of their kind, and that of a missing session") {
  const auto all = [](NRT_STATUS failure, NRT_STATUS invalid) {
    int number = 0;
    std::uint64_t offset = 0;
    bool done = false;
    CHECK(nrt_trace_start(true) == failure);
    CHECK(nrt_trace_stop("f") == failure);
    CHECK(nrt_set_pool_eng_ucode(nullptr) == invalid);
    CHECK(nrt_get_dmabuf_fd(0, 0, &number) == invalid);
    CHECK(nrt_get_dmabuf_fd_v2(0, 0, &number, &offset) == invalid);
    CHECK(nrt_get_attached_efa_bdf(nullptr, nullptr, nullptr) == failure);
    CHECK(nrt_async_sendrecv_init(0) == failure);
    CHECK(nrt_async_sendrecv_get_max_num_communicators_per_lnc(&number) == failure);
    CHECK(nrt_async_sendrecv_get_max_num_pending_request(&number) == failure);
    CHECK(nrt_async_sendrecv_connect("127.0.0.1", 0, 0, nullptr) == failure);
    CHECK(nrt_async_sendrecv_accept("127.0.0.1", 0, 0, nullptr) == failure);
    CHECK(nrt_async_sendrecv_test_comm(nullptr, &done) == failure);
    CHECK(nrt_async_sendrecv_send_tensor(nullptr, 0, 0, nullptr, nullptr) == failure);
    CHECK(nrt_async_sendrecv_recv_tensor(nullptr, 0, 0, nullptr, nullptr) == failure);
    CHECK(nrt_async_sendrecv_test_request(nullptr, &done, nullptr) == failure);
    CHECK(nrt_async_sendrecv_flush(0) == failure);
    CHECK(nrt_async_sendrecv_close(0) == failure);
    CHECK(nrt_debug_client_connect(0, &number) == failure);
    CHECK(nrt_debug_client_read_one_event(0, nullptr, nullptr) == invalid);
    CHECK(nrt_debug_client_connect_close(0) == invalid);
    char message[8];
    CHECK(nrt_get_libnccl_net(&number, message, sizeof message) == nullptr);
    CHECK(number == failure);
    CHECK(std::strlen(message) == 7);
  };
  {
    const Client client;
    all(NRT_FAILURE, NRT_INVALID);
  }
  const EnvironmentGuard quiet({{"NEURON_RT_LOG_LEVEL", "QUIET"}});
  all(NRT_CLOSED, NRT_CLOSED);
}
