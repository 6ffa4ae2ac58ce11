// SPDX-License-Identifier: Apache-2.0
// R73..R81, and what loading a model refuses.
#include <nrt/nrt_profile.h>
#include <nrt/nrt_sys_trace.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <fstream>

#include "tests/conformance/client.h"
#include "tests/support/test_program.h"

using nsim::test::Client;

TEST_CASE("R74 R75 slices share storage, keep it alive and have addresses inside it") {
  Client client;
  nrt_tensor_t* whole = client.tensor(1024);
  nrt_tensor_t* part = nullptr;
  nrt_tensor_t* inner = nullptr;
  REQUIRE(nrt_tensor_allocate_slice(whole, 256, 512, "part", &part) == NRT_SUCCESS);
  REQUIRE(nrt_tensor_allocate_slice(part, 128, 64, "inner", &inner) == NRT_SUCCESS);
  CHECK(nrt_tensor_allocate_slice(part, 449, 64, "too far", &inner) == NRT_INVALID);
  CHECK(static_cast<char*>(nrt_tensor_get_va(inner)) ==
        static_cast<char*>(nrt_tensor_get_va(whole)) + 384);
  nrt_tensor_free(&whole);
  nrt_tensor_free(&part);
  Client::fill(inner, 7);
  CHECK(static_cast<float*>(nrt_tensor_get_va(inner))[15] == 7.0F);
  CHECK(nrt_tensor_get_size(inner) == 64);
}

TEST_CASE("R75 the address of a tensor is the device's own memory") {
  Client client;
  const Client::Job job = client.job();
  static_cast<float*>(nrt_tensor_get_va(job.x))[3] = 5;
  REQUIRE(nrt_execute(job.model, job.inputs, job.outputs) == NRT_SUCCESS);
  CHECK(static_cast<float*>(nrt_tensor_get_va(job.y))[3] == 6.0F);
  const float value = 8;
  REQUIRE(nrt_memcpy_to_device(static_cast<float*>(nrt_tensor_get_va(job.x)) + 1, &value,
                               sizeof value) == NRT_SUCCESS);
  CHECK(Client::read(job.x)[1] == 8.0F);
}

TEST_CASE("R75 what is copied to an address of nrt_tensor_get_va gets there, whatever the device") {
  Client client({{"NSIM_SET", "instance.devices=2"}});
  std::uint32_t cores = 0;
  REQUIRE(nrt_get_visible_vnc_count(&cores) == NRT_SUCCESS);
  for (std::uint32_t core = 0; core < cores; ++core) {
    INFO("logical core " << core);
    nrt_tensor_t* tensor = client.tensor(64, static_cast<int>(core));
    const std::vector<float> values(16, static_cast<float>(core + 1));
    CHECK(nrt_memcpy_to_device(nrt_tensor_get_va(tensor), values.data(), 64) == NRT_SUCCESS);
    CHECK(Client::read(tensor) == values);
  }
}

TEST_CASE("R77 an allocation that does not fit is NRT_RESOURCE and changes nothing") {
  Client client;
  nrt_tensor_t* tensor = nullptr;
  CHECK(nrt_tensor_allocate(NRT_TENSOR_PLACEMENT_DEVICE, 0, std::size_t{1} << 50, "huge",
                            &tensor) == NRT_RESOURCE);
  CHECK(nrt_tensor_allocate(NRT_TENSOR_PLACEMENT_DEVICE, 0, SIZE_MAX, "huge", &tensor) ==
        NRT_RESOURCE);
  CHECK(nrt_tensor_allocate(NRT_TENSOR_PLACEMENT_DEVICE, 0, 0, "empty", &tensor) == NRT_INVALID);
  CHECK(nrt_tensor_allocate(NRT_TENSOR_PLACEMENT_DEVICE, 1000, 16, "nowhere", &tensor) ==
        NRT_INVALID);
  CHECK(tensor == nullptr);
}

TEST_CASE("R77 memory comes back: a stack can be filled again and again") {
  Client client;
  nrt_vnc_memory_stats_t stats{};
  std::size_t written = 0;
  REQUIRE(nrt_get_vnc_memory_stats(0, &stats, sizeof stats, &written) == NRT_SUCCESS);
  const std::size_t half = (stats.bytes_limit - stats.bytes_used) / 2;
  for (int i = 0; i < 3; ++i) {
    nrt_tensor_t* first = client.tensor(half);
    nrt_tensor_t* second = client.tensor(half - (2U << 20U));
    nrt_tensor_t* third = nullptr;
    CHECK(nrt_tensor_allocate(NRT_TENSOR_PLACEMENT_DEVICE, 0, half, "full", &third) ==
          NRT_RESOURCE);
    nrt_tensor_free(&first);
    nrt_tensor_free(&second);
  }
}

TEST_CASE("R80 a tensor counts the executions that wrote it") {
  Client client;
  const Client::Job job = client.job();
  REQUIRE(nrt_execute(job.model, job.inputs, job.outputs) == NRT_SUCCESS);
  REQUIRE(nrt_execute(job.model, job.inputs, job.outputs) == NRT_SUCCESS);
  CHECK(nrt_tensor_check_output_completion(job.y, 1000, 2) == NRT_SUCCESS);
  CHECK(nrt_tensor_check_output_completion(job.y, 1000, 3) == NRT_TIMEOUT);
  CHECK(nrt_tensor_check_output_completion(job.x, 100, 1) == NRT_TIMEOUT);
  CHECK(nrt_tensor_reset_output_completion(job.y) == NRT_SUCCESS);
  Client::start(job);
  CHECK(nrt_tensor_check_output_completion(job.y, -1, 1) == NRT_SUCCESS);
}

TEST_CASE("sets hold names: replaced by the last, NRT_FAILURE when absent") {
  Client client;
  nrt_tensor_t* first = client.tensor(16);
  nrt_tensor_t* second = client.tensor(16);
  nrt_tensor_set_t* set = client.set("a", first);
  nrt_tensor_t* found = nullptr;
  CHECK(nrt_get_tensor_from_tensor_set(set, "b", &found) == NRT_FAILURE);
  CHECK(found == nullptr);
  REQUIRE(nrt_add_tensor_to_tensor_set(set, "a", second) == NRT_SUCCESS);
  CHECK(nrt_get_tensor_from_tensor_set(set, "a", &found) == NRT_SUCCESS);
  CHECK(found == second);
}

TEST_CASE("memset, batches and execute_repeat do what they say") {
  Client client;
  const Client::Job job = client.job();
  REQUIRE(nrt_tensor_memset(job.x, 4, 0x3f, 4) == NRT_SUCCESS);
  unsigned char bytes[12] = {};
  REQUIRE(nrt_tensor_read(job.x, bytes, 0, 12) == NRT_SUCCESS);
  CHECK(bytes[3] == 0);
  CHECK(bytes[4] == 0x3f);
  CHECK(bytes[7] == 0x3f);
  CHECK(bytes[8] == 0);
  float one = 1;
  float two = 2;
  const nrt_tensor_batch_op_t writes[] = {{0, 4, &one}, {8, 4, &two}};
  const nrt_tensor_batch_t batch{job.x, writes, 2};
  REQUIRE(nrt_tensor_write_batch(&batch, 1, false) == NRT_SUCCESS);
  REQUIRE(nrt_execute_repeat(job.model, job.inputs, job.outputs, 3) == NRT_SUCCESS);
  CHECK(Client::read(job.y)[2] == 5.0F);
  float out = 0;
  const nrt_tensor_batch_op_t reads[] = {{8, 4, &out}, {Client::bytes(), 4, &out}};
  const nrt_tensor_batch_t bad{job.y, reads, 2};
  CHECK(nrt_tensor_read_batch(&bad, 1, false) == NRT_INVALID);
  CHECK(out == 0.0F);
  CHECK(nrt_execute_repeat(job.model, job.inputs, job.outputs, 0) == NRT_INVALID);
}

TEST_CASE("model information lists inputs, then outputs") {
  Client client;
  nrt_model_t* model = client.load(1);
  nrt_tensor_info_array_t* info = nullptr;
  REQUIRE(nrt_get_model_tensor_info(model, &info) == NRT_SUCCESS);
  REQUIRE(info->tensor_count == 2);
  CHECK(std::string(info->tensor_array[0].name) == "x");
  CHECK(info->tensor_array[0].usage == NRT_TENSOR_USAGE_INPUT);
  CHECK(std::string(info->tensor_array[1].name) == "y");
  CHECK(info->tensor_array[1].usage == NRT_TENSOR_USAGE_OUTPUT);
  CHECK(info->tensor_array[1].dtype == NRT_DTYPE_FLOAT32);
  CHECK(info->tensor_array[1].size == Client::bytes());
  REQUIRE(info->tensor_array[1].ndim == 2);
  CHECK(info->tensor_array[1].shape[1] == 64);
  CHECK(nrt_free_model_tensor_info(info) == NRT_SUCCESS);
  nrt_model_info_t where{};
  std::size_t written = 0;
  REQUIRE(nrt_get_model_info(model, &where, sizeof where, &written) == NRT_SUCCESS);
  CHECK(where.vnc == 1);
}

TEST_CASE("loading refuses what it cannot execute, with a status that says why") {
  Client client;
  std::vector<std::byte> neff = Client::container();
  nrt_model_t* model = nullptr;
  const auto load = [&](const std::vector<std::byte>& bytes) {
    return nrt_load(bytes.data(), bytes.size(), 0, -1, &model);
  };
  CHECK(load({neff.begin(), neff.begin() + 1000}) == NRT_INVALID);
  CHECK(load({neff.begin(), neff.end() - 100}) == NRT_INVALID);
  CHECK(load(std::vector<std::byte>(5000)) == NRT_INVALID);
  CHECK(load(nsim::test::increment_container(Client::target() == "trn1" ? "trn2" : "trn1",
                                             Client::cores_per_logical())) ==
        NRT_UNSUPPORTED_NEFF_VERSION);
  CHECK(load(nsim::test::increment_container(Client::target(), 3 - Client::cores_per_logical())) ==
        NRT_INVALID);
  CHECK(nrt_load(neff.data(), neff.size(), 1000, -1, &model) == NRT_INVALID);
  CHECK(nrt_load(neff.data(), neff.size(), 0, 2, &model) == NRT_INVALID);
  CHECK(nrt_load(nullptr, 10, 0, -1, &model) == NRT_INVALID);
  CHECK(model == nullptr);
  std::uint32_t cores = 0;
  REQUIRE(nrt_get_visible_nc_count(&cores) == NRT_SUCCESS);
  for (std::uint32_t i = 0; i < cores; ++i) {
    CHECK(nrt_load(neff.data(), neff.size(), -1, 1, &model) == NRT_SUCCESS);
  }
  CHECK(nrt_load(neff.data(), neff.size(), -1, 1, &model) == NRT_LOAD_NOT_ENOUGH_NC);
  REQUIRE(nrt_unload(model) == NRT_SUCCESS);
  CHECK(nrt_load(neff.data(), neff.size(), -1, 1, &model) == NRT_SUCCESS);
}

TEST_CASE("the system trace gives back pairs of events and forgets them") {
  Client client;
  nrt_sys_trace_config_t* config = nullptr;
  REQUIRE(nrt_sys_trace_config_allocate(&config) == NRT_SUCCESS);
  CHECK(nrt_sys_trace_config_set_capture_enabled_for_event_type(config, "no_such_event", true) ==
        NRT_INVALID);
  REQUIRE(nrt_sys_trace_config_set_capture_enabled_for_nc(config, 1, false) == NRT_SUCCESS);
  REQUIRE(nrt_sys_trace_start(config) == NRT_SUCCESS);
  nrt_sys_trace_config_free(config);
  nrt_tensor_t* of_no_core = nullptr;  // whatever core is named
  REQUIRE(nrt_tensor_allocate(NRT_TENSOR_PLACEMENT_HOST, 1000000, 64, "h", &of_no_core) ==
          NRT_SUCCESS);
  const Client::Job job = client.job();
  REQUIRE(nrt_execute(job.model, job.inputs, job.outputs) == NRT_SUCCESS);
  const auto fetch = [] {
    char* buffer = nullptr;
    std::size_t size = 0;
    REQUIRE(nrt_sys_trace_fetch_events(&buffer, &size, nullptr) == NRT_SUCCESS);
    std::string text(buffer, size);
    nrt_sys_trace_buffer_free(buffer);
    return text;
  };
  const std::string events = fetch();
  CHECK(events.find("nc_exec_running") != std::string::npos);
  CHECK(events.find("nrt_tensor_write") != std::string::npos);
  CHECK(fetch() == "{\"events\":[]}");
  CHECK(nrt_sys_trace_stop() == NRT_SUCCESS);
}

TEST_CASE("a profile lists the model's executions") {
  Client client;
  const Client::Job job = client.job();
  const std::string file = "/tmp/nsim_profile_" + std::to_string(getpid()) + ".json";
  CHECK(nrt_profile_stop(file.c_str()) == NRT_INVALID);
  REQUIRE(nrt_profile_start(job.model, file.c_str()) == NRT_SUCCESS);
  REQUIRE(nrt_execute(job.model, job.inputs, job.outputs) == NRT_SUCCESS);
  REQUIRE(nrt_profile_stop(file.c_str()) == NRT_SUCCESS);
  std::ifstream in(file);
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  unlink(file.c_str());
  CHECK(text.find("NRT_SUCCESS") != std::string::npos);
}

TEST_CASE("R73 memory that nobody wrote can be read") {
  Client client;
  nrt_tensor_t* tensor = client.tensor(4096);
  std::vector<char> taken(4096);
  CHECK(nrt_tensor_read(tensor, taken.data(), 0, taken.size()) == NRT_SUCCESS);
}

TEST_CASE("R81 what the library hands out is given back by the function that goes with it") {
  Client client;
  const Client::Job job = client.job();
  nrt_tensor_info_array_t* info = nullptr;
  REQUIRE(nrt_get_model_tensor_info(job.model, &info) == NRT_SUCCESS);
  CHECK(info->tensor_count == 2);
  CHECK(nrt_free_model_tensor_info(info) == NRT_SUCCESS);
  const char** types = nullptr;
  std::size_t count = 0;
  REQUIRE(nrt_sys_trace_get_event_types(&types, &count) == NRT_SUCCESS);
  CHECK(count > 0);
  nrt_sys_trace_free_event_types(types, count);
  char* events = nullptr;
  REQUIRE(nrt_sys_trace_fetch_events(&events, &count, nullptr) == NRT_SUCCESS);
  nrt_sys_trace_buffer_free(events);
}
