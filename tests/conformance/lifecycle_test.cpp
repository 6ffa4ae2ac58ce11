// SPDX-License-Identifier: Apache-2.0
// R1..R9: before nrt_init, after nrt_close, and in between.
#include <nrt/nrt_sys_trace.h>
#include <nrt/nrt_version.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>

#include "tests/conformance/client.h"

using nsim::test::Client;
using nsim::test::EnvironmentGuard;

namespace {

/// Every kind of call, with arguments that would be wrong in an open session as well: R1 comes
/// first.
void check_all_refuse(NRT_STATUS expected) {
  nrt_tensor_t* tensor = nullptr;
  nrta_seq_t sequence = 77;
  bool done = true;
  CHECK(nrt_tensor_allocate(NRT_TENSOR_PLACEMENT_HOST, -1, 16, "t", &tensor) == expected);
  CHECK(nrt_load(nullptr, 0, 0, 1, nullptr) == expected);
  CHECK(nrt_execute(nullptr, nullptr, nullptr) == expected);
  CHECK(nrt_tensor_read(nullptr, nullptr, 0, 0) == expected);
  CHECK(nrta_execute_schedule(nullptr, nullptr, nullptr, 0, nullptr, &sequence) == expected);
  CHECK(nrta_is_completed(1, &done) == expected);
  CHECK(nrta_get_sequence(0, NRTA_XU_COMPUTE, 0, &sequence) == expected);
  CHECK(nrt_sys_trace_stop() == expected);
  CHECK(sequence == 77);
  CHECK(nrt_tensor_get_va(nullptr) == nullptr);
  CHECK(nrt_tensor_get_size(nullptr) == 0);
  nrt_tensor_free(nullptr);
  nrta_error_tracker_destroy(nullptr);
}

}  // namespace

TEST_CASE("R1 calls return NRT_UNINITIALIZED before nrt_init and NRT_CLOSED after nrt_close") {
  const pid_t child = fork();  // a process that never had a session
  if (child == 0) {
    nrta_seq_t sequence = 0;
    const bool right = nrta_get_sequence(0, NRTA_XU_COMPUTE, 0, &sequence) == NRT_UNINITIALIZED &&
                       nrt_execute(nullptr, nullptr, nullptr) == NRT_UNINITIALIZED;
    _exit(right ? 0 : 1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  { const Client client; }
  const EnvironmentGuard quiet({{"NEURON_RT_LOG_LEVEL", "QUIET"}});
  check_all_refuse(NRT_CLOSED);
}

TEST_CASE("R2 core counts, version and status names need no session") {
  std::uint32_t total = 0;
  std::uint32_t visible = 0;
  CHECK(nrt_get_total_nc_count(&total) == NRT_SUCCESS);
  CHECK(nrt_get_visible_vnc_count(&visible) == NRT_SUCCESS);
  CHECK(total > 0);
  CHECK(visible == total);
  nrt_version_t version{};
  CHECK(nrt_get_version(&version, sizeof version) == NRT_SUCCESS);
  CHECK(version.rt_major == NRT_MAJOR_VERSION);
  CHECK(std::strcmp(nrt_get_status_as_str(NRT_QUEUE_FULL), "NRT_QUEUE_FULL") == 0);
  CHECK(nrt_get_status_as_str(static_cast<NRT_STATUS>(8)) != nullptr);
}

TEST_CASE("R3 a session after another starts from fresh numbers and reads the environment again") {
  {
    Client client;
    Client::wait(Client::start(client.job()));
    CHECK(NRTA_SEQ_GET_SEQ_NUM(Client::completed(NRTA_XU_COMPUTE)) == 1);
  }
  Client client({{"NEURON_RT_NUM_CORES", "1"}});
  CHECK(NRTA_SEQ_GET_SEQ_NUM(Client::completed(NRTA_XU_COMPUTE)) == 0);
  std::uint32_t visible = 0;
  CHECK(nrt_get_visible_nc_count(&visible) == NRT_SUCCESS);
  CHECK(visible == 1);
  CHECK(NRTA_SEQ_GET_SEQ_NUM(Client::start(client.job())) == 1);
}

TEST_CASE("R4 nrt_close with requests queued, running and awaited ends them all") {
  Client client;
  const Client::Job job = client.job();
  Client::pause(NRTA_XU_COMPUTE, true);
  for (int i = 0; i < 5; ++i) {
    Client::start(job);
  }
  std::thread blocked([&] { nrt_execute(job.model, job.inputs, job.outputs); });
  usleep(20000);
  nrt_close();
  blocked.join();
  bool done = false;
  CHECK(nrta_is_completed(1, &done) == NRT_CLOSED);
}

TEST_CASE("R4 of a repeated execution, nrt_close lets the run under way come to its end, no more") {
  for (int round = 0; round < 5; ++round) {
    Client client;
    const Client::Job job = client.job(0, 16);
    NRT_STATUS status = NRT_SUCCESS;
    std::thread busy(
        [&] { status = nrt_execute_repeat(job.model, job.inputs, job.outputs, 2000); });
    while (NRTA_SEQ_GET_SEQ_NUM(Client::completed(NRTA_XU_COMPUTE)) < 3) {
      usleep(100);
    }
    nrt_close();
    busy.join();
    CHECK(status == NRT_CLOSED);
  }
}

TEST_CASE("R5 handles of a closed session are dead and harmless") {
  nrt_tensor_t* tensor = nullptr;
  nrt_tensor_set_t* set = nullptr;
  Client::Job job;
  {
    Client client;
    job = client.job();
    tensor = job.x;
    set = job.inputs;
  }
  CHECK(nrt_unload(job.model) == NRT_CLOSED);
  const Client again;
  nrta_seq_t sequence = 0;
  CHECK(nrt_unload(job.model) == NRT_INVALID_HANDLE);
  CHECK(nrt_execute(job.model, job.inputs, job.outputs) == NRT_INVALID_HANDLE);
  CHECK(nrta_tensor_copy(job.x, 0, job.y, 0, 4, 0, nullptr, &sequence) == NRT_INVALID_HANDLE);
  nrt_destroy_tensor_set(&set);
  nrt_tensor_free(&tensor);
  CHECK(tensor == nullptr);
}

TEST_CASE("R6 nrt_close twice, or without nrt_init, does nothing") {
  nrt_close();
  { const Client client; }
  nrt_close();
  nrt_close();
}

TEST_CASE("R6 a second nrt_init succeeds and one nrt_close ends both") {
  const Client client;
  CHECK(nrt_init(NRT_FRAMEWORK_TYPE_NO_FW, "", "") == NRT_SUCCESS);
  nrt_close();
  bool done = false;
  CHECK(nrta_is_completed(1, &done) == NRT_CLOSED);
}

TEST_CASE("R7 a session may be closed while the process exits, with everything still open") {
  const pid_t child = fork();
  if (child == 0) {
    setenv("NEURON_RT_LOG_LEVEL", "QUIET", 1);
    bool opened = nrt_init(NRT_FRAMEWORK_TYPE_NO_FW, "", "") == NRT_SUCCESS;
    for (int i = 0; i < 128; ++i) {
      nrt_tensor_t* tensor = nullptr;
      opened = opened && nrt_tensor_allocate(NRT_TENSOR_PLACEMENT_DEVICE, i % 2, 4096, "t",
                                             &tensor) == NRT_SUCCESS;
    }
    std::atexit([] { nrt_close(); });
    std::exit(opened ? 0 : 1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
}

TEST_CASE("R8 a forked child has no session and may open its own") {
  const Client client;
  const pid_t child = fork();
  if (child == 0) {
    bool done = false;
    const bool none = nrta_is_completed(1, &done) == NRT_UNINITIALIZED;
    _exit(none ? 0 : 1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
}

TEST_CASE("R9 every process has an instance of its own: the same core in two at a time") {
  Client client;
  Client::fill(client.tensor(64), 1);
  // A process of its own, not a child with the memory of this one: it has threads to start.
  std::string self = "/proc/self/exe";
  std::string other = "R73 memory that nobody wrote can be read";
  char* arguments[] = {self.data(), other.data(), nullptr};
  pid_t child = 0;
  REQUIRE(posix_spawn(&child, self.c_str(), nullptr, nullptr, arguments, environ) == 0);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
}

TEST_CASE("R78 visible cores must be consecutive and exist") {
  const EnvironmentGuard quiet({{"NEURON_RT_LOG_LEVEL", "QUIET"}});
  for (const char* wrong : {"0,2", "1-0", "99", "0-99", "a", "0,", "-1", "0-", " 0"}) {
    const EnvironmentGuard cores({{"NEURON_RT_VISIBLE_CORES", wrong}});
    INFO(wrong);
    CHECK(nrt_init(NRT_FRAMEWORK_TYPE_NO_FW, "", "") == NRT_INVALID);
  }
  const Client client({{"NEURON_RT_VISIBLE_CORES", "1"}, {"NEURON_RT_NUM_CORES", "2"}});
  std::uint32_t visible = 0;
  CHECK(nrt_get_visible_nc_count(&visible) == NRT_SUCCESS);
  CHECK(visible == 1);
}
