// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/client.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>

#include "tests/support/test_program.h"

namespace nsim::test {
EnvironmentGuard::EnvironmentGuard(std::initializer_list<Variable> variables) {
  for (const auto& [name, value] : variables) {
    const char* before = std::getenv(name);
    if (before == nullptr) {
      unset_before_.push_back(name);
    } else {
      before_[name] = before;
    }
    setenv(name, value.c_str(), 1);
  }
}

EnvironmentGuard::~EnvironmentGuard() {
  for (const auto& [name, value] : before_) {
    setenv(name.c_str(), value.c_str(), 1);
  }
  for (const std::string& name : unset_before_) {
    unsetenv(name.c_str());
  }
}

Client::Client(std::initializer_list<Variable> environment) : environment_(environment) {
  REQUIRE(nrt_init(NRT_FRAMEWORK_TYPE_NO_FW, "", "") == NRT_SUCCESS);
}

Client::~Client() {
  nrt_close();
}

std::string Client::target() {
  nrt_instance_info_t info{};
  REQUIRE(nrt_get_instance_info(&info, sizeof info) == NRT_SUCCESS);
  return info.arch_name;
}

int Client::cores_per_logical() {
  const std::vector<std::byte> neff = increment_container(target(), 2);
  nrt_model_t* model = nullptr;
  if (nrt_load(neff.data(), neff.size(), 0, -1, &model) != NRT_SUCCESS) {
    return 1;
  }
  REQUIRE(nrt_unload(model) == NRT_SUCCESS);
  return 2;
}

std::vector<std::byte> Client::container(int repeat) {
  return increment_container(target(), cores_per_logical(), repeat);
}

std::size_t Client::bytes(int repeat) {
  return increment_bytes(cores_per_logical(), repeat);
}

nrt_model_t* Client::load(int core, int repeat) {
  const std::vector<std::byte> neff = container(repeat);
  nrt_model_t* model = nullptr;
  REQUIRE(nrt_load(neff.data(), neff.size(), core, -1, &model) == NRT_SUCCESS);
  return model;
}

nrt_tensor_t* Client::tensor(std::size_t size, int core) {
  nrt_tensor_t* tensor = nullptr;
  REQUIRE(nrt_tensor_allocate(NRT_TENSOR_PLACEMENT_DEVICE, core, size, "t", &tensor) ==
          NRT_SUCCESS);
  return tensor;
}

nrt_tensor_set_t* Client::set(const char* name, nrt_tensor_t* tensor) {
  nrt_tensor_set_t* set = nullptr;
  REQUIRE(nrt_allocate_tensor_set(&set) == NRT_SUCCESS);
  REQUIRE(nrt_add_tensor_to_tensor_set(set, name, tensor) == NRT_SUCCESS);
  return set;
}

Client::Job Client::job(int core, int repeat) {
  Job job;
  job.model = load(core, repeat);
  job.x = tensor(bytes(repeat), core);
  job.y = tensor(bytes(repeat), core);
  fill(job.x, 0);
  job.inputs = set("x", job.x);
  job.outputs = set("y", job.y);
  return job;
}

Client::Job Client::reversed(const Job& job) {
  Job other = job;
  std::swap(other.x, other.y);
  other.inputs = set("x", other.x);
  other.outputs = set("y", other.y);
  return other;
}

nrta_error_tracker_t* Client::tracker(int core) {
  nrta_error_tracker_t* tracker = nullptr;
  REQUIRE(nrta_error_tracker_create(static_cast<std::uint32_t>(core), &tracker) == NRT_SUCCESS);
  return tracker;
}

NRT_STATUS Client::schedule(const Job& job, nrta_seq_t* sequence, nrta_error_tracker_t* tracker) {
  return nrta_execute_schedule(job.model, job.inputs, job.outputs, 0, tracker, sequence);
}

nrta_seq_t Client::start(const Job& job, nrta_error_tracker_t* tracker) {
  nrta_seq_t sequence = 0;
  REQUIRE(schedule(job, &sequence, tracker) == NRT_SUCCESS);
  return sequence;
}

void Client::wait(nrta_seq_t sequence) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(5);
  bool done = false;
  while (!done) {
    if (nrta_is_completed(sequence, &done) != NRT_SUCCESS) {
      FAIL("the sequence id is not known");
    }
    if (std::chrono::steady_clock::now() > deadline) {
      FAIL("the request does not complete");
    }
    usleep(1);
  }
}

std::vector<nrta_error_t> Client::errors(nrta_error_tracker_t* tracker) {
  const nrta_error_t* list = nullptr;
  std::size_t count = 0;
  REQUIRE(nrta_error_tracker_get_list(tracker, &list, &count) == NRT_SUCCESS);
  return std::vector<nrta_error_t>(list, list + count);
}

std::vector<float> Client::read(nrt_tensor_t* tensor) {
  std::vector<float> values(nrt_tensor_get_size(tensor) / sizeof(float));
  REQUIRE(nrt_tensor_read(tensor, values.data(), 0, values.size() * sizeof(float)) == NRT_SUCCESS);
  return values;
}

void Client::fill(nrt_tensor_t* tensor, float value) {
  const std::vector<float> values(nrt_tensor_get_size(tensor) / sizeof(float), value);
  REQUIRE(nrt_tensor_write(tensor, values.data(), 0, values.size() * sizeof(float)) == NRT_SUCCESS);
}

nrta_seq_t Client::completed(nrta_xu_t xu, int queue, std::uint32_t core) {
  nrta_seq_t sequence = 0;
  REQUIRE(nrta_get_sequence(core, xu, queue, &sequence) == NRT_SUCCESS);
  return sequence;
}

void Client::pause(nrta_xu_t xu, bool paused, int queue) {
  REQUIRE(nsim_hook_pause(0, xu, queue, paused) == NRT_SUCCESS);
}

}  // namespace nsim::test
