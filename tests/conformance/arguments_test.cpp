// SPDX-License-Identifier: Apache-2.0
// R51..R59: arguments of schedule calls, and what must stay alive.
#include <catch2/catch.hpp>
#include <thread>

#include "tests/conformance/client.h"

using nsim::test::Client;

TEST_CASE("R51 ranges outside of the tensor are refused, also when offset plus size wraps") {
  Client client;
  nrt_tensor_t* tensor = client.tensor(64);
  char buffer[64] = {};
  nrta_seq_t sequence = 9;
  CHECK(nrta_tensor_write(tensor, buffer, 1, 64, 0, nullptr, &sequence) == NRT_INVALID);
  CHECK(nrta_tensor_read(buffer, tensor, 65, 0, 0, nullptr, &sequence) == NRT_INVALID);
  CHECK(nrta_tensor_write(tensor, buffer, UINT64_MAX, 2, 0, nullptr, &sequence) == NRT_INVALID);
  CHECK(nrta_tensor_copy(tensor, 0, tensor, 32, 33, 0, nullptr, &sequence) == NRT_INVALID);
  CHECK(nrta_tensor_write(tensor, nullptr, 0, 4, 0, nullptr, &sequence) == NRT_INVALID);
  CHECK(nrta_tensor_write(nullptr, buffer, 0, 4, 0, nullptr, &sequence) == NRT_INVALID);
  CHECK(sequence == 9);
}

TEST_CASE("R51 a transfer of nothing is a request like any other") {
  Client client;
  nrt_tensor_t* tensor = client.tensor(64);
  nrta_seq_t sequence = 0;
  nrta_error_tracker_t* tracker = client.tracker();
  CHECK(nrta_tensor_write(tensor, nullptr, 64, 0, 0, tracker, &sequence) == NRT_SUCCESS);
  CHECK(NRTA_SEQ_GET_SEQ_NUM(sequence) == 1);
  Client::wait(sequence);
  CHECK(nrta_tensor_read(nullptr, tensor, 0, 0, 0, tracker, &sequence) == NRT_SUCCESS);
  Client::wait(sequence);
  CHECK(nrta_tensor_copy(tensor, 64, tensor, 0, 0, 0, tracker, &sequence) == NRT_SUCCESS);
  Client::wait(sequence);
  CHECK(Client::errors(tracker).empty());
  CHECK(nrt_tensor_write(tensor, nullptr, 64, 0) == NRT_SUCCESS);
  CHECK(nrt_tensor_read(tensor, nullptr, 0, 0) == NRT_SUCCESS);
}

TEST_CASE("R52 copies stay inside one logical core and in device memory") {
  Client client;
  nrt_tensor_t* here = client.tensor(64, 0);
  nrt_tensor_t* there = client.tensor(64, 1);
  nrt_tensor_t* host = nullptr;
  REQUIRE(nrt_tensor_allocate(NRT_TENSOR_PLACEMENT_HOST, -1, 64, "h", &host) == NRT_SUCCESS);
  nrta_seq_t sequence = 0;
  CHECK(nrta_tensor_copy(here, 0, there, 0, 64, 0, nullptr, &sequence) == NRT_INVALID);
  CHECK(nrta_tensor_copy(here, 0, host, 0, 64, 0, nullptr, &sequence) == NRT_INVALID);
  CHECK(nrt_tensor_copy(here, 0, there, 0, 64) == NRT_INVALID);
  Client::fill(here, 4);
  CHECK(nrt_tensor_copy(here, 0, host, 0, 64) == NRT_SUCCESS);
  CHECK(Client::read(host).front() == 4.0F);
}

TEST_CASE("R54 queues: compute one, tensor units two") {
  Client client;
  const Client::Job job = client.job();
  char byte = 0;
  nrta_seq_t sequence = 0;
  for (const int queue : {-1, 2}) {
    CHECK(nrta_tensor_write(job.x, &byte, 0, 1, queue, nullptr, &sequence) == NRT_INVALID);
    CHECK(nrta_tensor_read(&byte, job.x, 0, 1, queue, nullptr, &sequence) == NRT_INVALID);
    CHECK(nrta_tensor_copy(job.x, 0, job.y, 0, 1, queue, nullptr, &sequence) == NRT_INVALID);
  }
  CHECK(nrta_execute_schedule(job.model, job.inputs, job.outputs, 1, nullptr, &sequence) ==
        NRT_INVALID);
}

TEST_CASE("R55 tensors in host memory can be written and read") {
  Client client;
  nrt_tensor_t* attached = nullptr;
  std::string memory(16, '.');
  REQUIRE(nrt_tensor_allocate_empty("e", &attached) == NRT_SUCCESS);
  nrta_seq_t sequence = 0;
  char text[4] = {'a', 'b', 'c', 'd'};
  CHECK(nrta_tensor_write(attached, text, 0, 4, 0, nullptr, &sequence) == NRT_INVALID);
  REQUIRE(nrt_tensor_attach_buffer(attached, memory.data(), memory.size()) == NRT_SUCCESS);
  REQUIRE(nrta_tensor_write(attached, text, 2, 4, 0, nullptr, &sequence) == NRT_SUCCESS);
  Client::wait(sequence);
  CHECK(memory == "..abcd..........");
}

TEST_CASE("R56 every tensor of the model must be in its set, large enough and within reach") {
  Client client;
  const Client::Job job = client.job();
  nrta_seq_t sequence = 0;
  const auto with_input = [&](nrt_tensor_t* tensor) {
    return nrta_execute_schedule(job.model, client.set("x", tensor), job.outputs, 0, nullptr,
                                 &sequence);
  };
  CHECK(with_input(client.tensor(Client::bytes() - 4)) == NRT_INVALID);
  CHECK(with_input(client.tensor(Client::bytes() + 4)) == NRT_SUCCESS);
  CHECK(nrta_execute_schedule(job.model, client.set("z", job.x), job.outputs, 0, nullptr,
                              &sequence) == NRT_INVALID);
  std::uint32_t cores = 0;
  REQUIRE(nrt_get_visible_nc_count(&cores) == NRT_SUCCESS);
  CHECK(with_input(client.tensor(Client::bytes(), static_cast<int>(cores) - 1)) == NRT_INVALID);
  nrt_tensor_t* large = client.tensor(3 * Client::bytes());
  nrt_tensor_t* slice = nullptr;
  REQUIRE(nrt_tensor_allocate_slice(large, Client::bytes(), Client::bytes(), "s", &slice) ==
          NRT_SUCCESS);
  Client::fill(slice, 41);
  REQUIRE(with_input(slice) == NRT_SUCCESS);
  Client::wait(sequence);
  CHECK(Client::read(job.y).back() == 42.0F);
}

TEST_CASE("R57 tensor sets are read when the request is scheduled") {
  Client client;
  Client::Job job = client.job();
  Client::pause(NRTA_XU_COMPUTE, true);
  const nrta_seq_t sequence = Client::start(job);
  REQUIRE(nrt_add_tensor_to_tensor_set(job.outputs, "y", job.x) == NRT_SUCCESS);
  nrt_destroy_tensor_set(&job.inputs);
  nrt_destroy_tensor_set(&job.outputs);
  CHECK(job.inputs == nullptr);
  Client::pause(NRTA_XU_COMPUTE, false);
  Client::wait(sequence);
  CHECK(Client::read(job.y).front() == 1.0F);
  CHECK(Client::read(job.x).front() == 0.0F);
}

TEST_CASE("R58 tensors freed in flight live until their request is complete") {
  Client client;
  Client::Job job = client.job();
  nrt_vnc_memory_stats_t before{};
  nrt_vnc_memory_stats_t after{};
  std::size_t written = 0;
  Client::pause(NRTA_XU_COMPUTE, true);
  const nrta_seq_t sequence = Client::start(job);
  REQUIRE(nrt_get_vnc_memory_stats(0, &before, sizeof before, &written) == NRT_SUCCESS);
  CHECK(written == sizeof before);
  nrt_tensor_free(&job.x);
  nrt_tensor_free(&job.y);
  REQUIRE(nrt_get_vnc_memory_stats(0, &after, sizeof after, &written) == NRT_SUCCESS);
  CHECK(after.bytes_used == before.bytes_used);
  Client::pause(NRTA_XU_COMPUTE, false);
  Client::wait(sequence);
  REQUIRE(nrt_get_vnc_memory_stats(0, &after, sizeof after, &written) == NRT_SUCCESS);
  CHECK(after.bytes_used == before.bytes_used - 2 * Client::bytes());
}

TEST_CASE("R58 nrt_unload waits for the model's requests") {
  Client client;
  const Client::Job job = client.job();
  Client::pause(NRTA_XU_COMPUTE, true);
  const nrta_seq_t sequence = Client::start(job);
  std::thread release([] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    nsim_hook_pause(0, NRTA_XU_COMPUTE, 0, false);
  });
  const NRT_STATUS status = nrt_unload(job.model);
  release.join();
  CHECK(status == NRT_SUCCESS);
  bool done = false;
  CHECK(nrta_is_completed(sequence, &done) == NRT_SUCCESS);
  CHECK(done);
  CHECK(nrt_unload(job.model) == NRT_INVALID_HANDLE);
}

TEST_CASE("R59 buffers belong to the caller again when the request is complete") {
  Client client;
  nrt_tensor_t* tensor = client.tensor(4096);
  std::vector<char> buffer(4096, 'a');
  nrta_seq_t sequence = 0;
  REQUIRE(nrta_tensor_write(tensor, buffer.data(), 0, 4096, 0, nullptr, &sequence) == NRT_SUCCESS);
  Client::wait(sequence);
  buffer.assign(4096, 'b');
  std::vector<char> taken(4096);
  REQUIRE(nrta_tensor_read(taken.data(), tensor, 0, 4096, 0, nullptr, &sequence) == NRT_SUCCESS);
  Client::wait(sequence);
  CHECK(taken == std::vector<char>(4096, 'a'));
}
