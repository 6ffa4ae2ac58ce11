// SPDX-License-Identifier: Apache-2.0
// R44, R52..R55: statuses in places of the caller's, and the logical core argument (generation C).
#include <catch2/catch.hpp>

#include "tests/conformance/client.h"

using nsim::test::Client;

namespace {

constexpr NRT_STATUS kUntouched = NRT_QUEUE_EMPTY;  // no request ends with that

nrta_xu_id_t unit_of(int core, int xu, int queue) {
  nrta_seq_t sequence = 0;
  REQUIRE(call_c_get_sequence(static_cast<std::uint32_t>(core), xu, queue, &sequence) ==
          NRT_SUCCESS);
  return NRTA_SEQ_GET_XU_ID(sequence);
}

}  // namespace

TEST_CASE("R44 the status is written at completion, not at schedule time, and not by refusals") {
  Client client;
  const Client::Job job = client.job();
  Client::pause(NRTA_XU_COMPUTE, true);
  NRT_STATUS status = kUntouched;
  nrta_seq_t sequence = 0;
  CHECK(call_c_execute_schedule(job.model, job.inputs, job.inputs, 0, &status, &sequence) ==
        NRT_INVALID);
  CHECK(status == kUntouched);
  REQUIRE(call_c_execute_schedule(job.model, job.inputs, job.outputs, 0, &status, &sequence) ==
          NRT_SUCCESS);
  CHECK(status == kUntouched);
  Client::pause(NRTA_XU_COMPUTE, false);
  Client::wait(sequence);
  CHECK(status == NRT_SUCCESS);
  status = kUntouched;  // the place is the caller's again
  Client::wait(Client::start(job));
  CHECK(status == kUntouched);
}

TEST_CASE("R44 R45 a request that fails was accepted with success and has its error as status") {
  Client client;
  const Client::Job job = client.job();
  REQUIRE(nsim_hook_inject(0, NRTA_XU_COMPUTE, 0, NSIM_FAULT_OUT_OF_BOUNDS, 0) == NRT_SUCCESS);
  NRT_STATUS status = kUntouched;
  nrta_seq_t sequence = 0;
  REQUIRE(call_c_execute_schedule(job.model, job.inputs, job.outputs, 0, &status, &sequence) ==
          NRT_SUCCESS);
  Client::wait(sequence);
  CHECK(status == NRT_EXEC_OOB);
}

TEST_CASE("R53 the logical core argument chooses the unit, not the memory") {
  Client client;
  nrt_tensor_t* here = client.tensor(64, 0);
  const char given[64] = "on device memory of core 0, moved by core 1";
  char taken[64] = {};
  NRT_STATUS status = kUntouched;
  nrta_seq_t sequence = 0;
  REQUIRE(call_c_tensor_write(here, given, 0, 64, 1, 1, &status, &sequence) == NRT_SUCCESS);
  CHECK(NRTA_SEQ_GET_XU_ID(sequence) == unit_of(1, CALL_C_TENSOR_OP, 1));
  Client::wait(sequence);
  CHECK(status == NRT_SUCCESS);
  REQUIRE(call_c_tensor_read(taken, here, 0, 64, 0, 0, &status, &sequence) == NRT_SUCCESS);
  CHECK(NRTA_SEQ_GET_XU_ID(sequence) == unit_of(0, CALL_C_TENSOR_OP, 0));
  Client::wait(sequence);
  CHECK(std::string(taken) == given);
}

TEST_CASE("R52 R53 a copy runs on the chosen core, between tensors of one") {
  Client client;
  nrt_tensor_t* from = client.tensor(64, 0);
  nrt_tensor_t* to = client.tensor(64, 0);
  nrt_tensor_t* elsewhere = client.tensor(64, 1);
  Client::fill(from, 5);
  nrta_seq_t sequence = 9;
  NRT_STATUS status = kUntouched;
  CHECK(call_c_tensor_copy(from, 0, elsewhere, 0, 64, 0, 0, &status, &sequence) == NRT_INVALID);
  CHECK(sequence == 9);
  REQUIRE(call_c_tensor_copy(from, 0, to, 0, 64, 1, 0, &status, &sequence) == NRT_SUCCESS);
  CHECK(NRTA_SEQ_GET_XU_ID(sequence) == unit_of(1, CALL_C_TENSOR_OP, 0));
  Client::wait(sequence);
  CHECK(status == NRT_SUCCESS);
  CHECK(Client::read(to).back() == 5.0F);
}

TEST_CASE("R53 cores that are not visible are refused") {
  Client client({{"NEURON_RT_NUM_CORES", "1"}});
  nrt_tensor_t* tensor = client.tensor(64);
  char byte = 0;
  nrta_seq_t sequence = 9;
  NRT_STATUS status = kUntouched;
  for (const int core : {-1, 1, 1000}) {
    CHECK(call_c_tensor_write(tensor, &byte, 0, 1, core, 0, &status, &sequence) == NRT_INVALID);
    CHECK(call_c_tensor_read(&byte, tensor, 0, 1, core, 0, &status, &sequence) == NRT_INVALID);
    CHECK(call_c_tensor_copy(tensor, 0, tensor, 8, 1, core, 0, &status, &sequence) == NRT_INVALID);
  }
  CHECK(sequence == 9);
  CHECK(status == kUntouched);
}

TEST_CASE("R53 a core of another device does not reach the tensor") {
  Client client({{"NSIM_SET", "instance.devices=2"}});
  std::uint32_t cores = 0;
  REQUIRE(nrt_get_visible_nc_count(&cores) == NRT_SUCCESS);
  nrt_tensor_t* tensor = client.tensor(64, 0);
  char byte = 0;
  nrta_seq_t sequence = 0;
  const int far = static_cast<int>(cores) - 1;
  int device = -1;
  CHECK(nrt_get_device_id(0, &device) == NRT_SUCCESS);
  CHECK(device == 0);
  CHECK(nrt_get_device_id(far, &device) == NRT_SUCCESS);
  CHECK(device == 1);
  CHECK(nrt_get_device_id(far + 1, &device) == NRT_INVALID);
  CHECK(nrt_get_device_id(-1, &device) == NRT_INVALID);
  CHECK(nrt_get_device_id(0, nullptr) == NRT_INVALID);
  CHECK(device == 1);
  CHECK(call_c_tensor_write(tensor, &byte, 0, 1, far, 0, nullptr, &sequence) == NRT_INVALID);
  CHECK(call_c_tensor_write(tensor, &byte, 0, 1, far / 2, 0, nullptr, &sequence) == NRT_SUCCESS);
  Client::wait(sequence);
}

TEST_CASE("R54 queues of generation C: tensor op two, compute one, collectives three") {
  const Client client;
  constexpr int kQueues[] = {2, 1, 3};  // by unit type
  for (int xu = CALL_C_TENSOR_OP; xu <= CALL_C_COLLECTIVES; ++xu) {
    nrta_seq_t sequence = 0;
    for (int queue = 0; queue < kQueues[xu]; ++queue) {
      CHECK(call_c_get_sequence(0, xu, queue, &sequence) == NRT_SUCCESS);
    }
    CHECK(call_c_get_sequence(0, xu, kQueues[xu], &sequence) == NRT_INVALID);
  }
}

TEST_CASE("R55 memory of the host is moved by the unit of any core") {
  Client client;
  nrt_tensor_t* host = nullptr;
  REQUIRE(nrt_tensor_allocate(NRT_TENSOR_PLACEMENT_HOST, -1, 16, "h", &host) == NRT_SUCCESS);
  const char given[16] = "host to host";
  for (int core = 0; core < 2; ++core) {
    nrta_seq_t sequence = 0;
    REQUIRE(call_c_tensor_write(host, given, 0, 16, core, 0, nullptr, &sequence) == NRT_SUCCESS);
    CHECK(NRTA_SEQ_GET_XU_ID(sequence) == unit_of(core, CALL_C_TENSOR_OP, 0));
    Client::wait(sequence);
  }
  CHECK(std::string(static_cast<const char*>(nrt_tensor_get_va(host))) == given);
}

TEST_CASE("R24 reads, writes and copies of one tensor-op queue take turns") {
  Client client;
  nrt_tensor_t* tensor = client.tensor(64);
  nrt_tensor_t* copy = client.tensor(64);
  char given[64];
  char taken[64] = {};
  nrta_seq_t first = 0;
  nrta_seq_t second = 0;
  nrta_seq_t third = 0;
  Client::pause(NRTA_XU_TENSOR_OP, true);
  std::fill(std::begin(given), std::end(given), 'w');
  REQUIRE(call_c_tensor_write(tensor, given, 0, 64, 0, 0, nullptr, &first) == NRT_SUCCESS);
  REQUIRE(call_c_tensor_copy(tensor, 0, copy, 0, 64, 0, 0, nullptr, &second) == NRT_SUCCESS);
  REQUIRE(call_c_tensor_read(taken, copy, 0, 64, 0, 0, nullptr, &third) == NRT_SUCCESS);
  CHECK(second == first + 1);
  CHECK(third == second + 1);
  Client::pause(NRTA_XU_TENSOR_OP, false);
  Client::wait(third);
  CHECK(std::equal(std::begin(given), std::end(given), std::begin(taken)));
}
