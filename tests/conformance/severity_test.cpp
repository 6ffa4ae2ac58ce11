// SPDX-License-Identifier: Apache-2.0
// R4, R36, R61..R67 for faults that reach beyond a unit, that outlast a session, or that the device
// cannot report.
#include <poll.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "tests/conformance/client.h"

using nsim::test::Client;

namespace {

const std::string kShort = "runtime.exec_timeout=200us;runtime.first_look=500us";

void plan(const std::string& keys) {
  REQUIRE(nsim_hook_inject_plan(("[[fault]]\n" + keys).c_str()) == NRT_SUCCESS);
}

NRT_STATUS execute(const Client::Job& job) {
  return nrt_execute(job.model, job.inputs, job.outputs);
}

NRT_STATUS read(const Client::Job& job, int queue, char* buffer, std::size_t size,
                nrta_error_tracker_t* tracker, nrta_seq_t* sequence) {
  return nrta_tensor_read(buffer, job.y, 0, size, queue, tracker, sequence);
}

/// Every client-visible unit of the core refuses. What one accepts is over when this returns: it
/// reads and writes `byte`.
bool degraded(const Client::Job& job) {
  char byte = 0;
  nrta_seq_t sequences[5] = {};
  const NRT_STATUS statuses[] = {read(job, 0, &byte, 1, nullptr, &sequences[0]),
                                 read(job, 1, &byte, 1, nullptr, &sequences[1]),
                                 nrta_tensor_write(job.x, &byte, 0, 1, 0, nullptr, &sequences[2]),
                                 nrta_tensor_copy(job.x, 0, job.y, 0, 4, 0, nullptr, &sequences[3]),
                                 Client::schedule(job, &sequences[4])};
  bool refused = true;
  for (int i = 0; i < 5; ++i) {
    if (statuses[i] == NRT_SUCCESS) {
      Client::wait(sequences[i]);
    }
    refused = refused && statuses[i] == NRT_EXEC_UNIT_UNRECOVERABLE;
  }
  return refused;
}

}  // namespace

TEST_CASE("R64 R65 a fault that reaches the core degrades its units, not the host's own copies") {
  Client client({{"NSIM_SET", kShort + ";severity.sram_parity.scope=core"}});
  const Client::Job job = client.job(0);
  const Client::Job other = client.job(1);
  plan("point = \"sbuf_parity\"\ncore = 0\n");
  CHECK(execute(job) == NRT_EXEC_HW_ERR_NC_UE);
  CHECK(degraded(job));
  CHECK(execute(other) == NRT_SUCCESS);
  Client::fill(job.x, 5);
  CHECK(Client::read(job.x).front() == 5);
}

TEST_CASE("R63 R64 requests under way on other units of the scope end with 101") {
  Client client({{"NSIM_SET", kShort + ";severity.sram_parity.scope=core"}});
  const Client::Job job = client.job(0);
  nrta_error_tracker_t* tracker = client.tracker();
  Client::pause(NRTA_XU_TENSOR_READ, true);
  char byte = 0;
  nrta_seq_t held = 0;
  REQUIRE(read(job, 0, &byte, 1, tracker, &held) == NRT_SUCCESS);
  plan("point = \"sbuf_parity\"\ncore = 0\n");
  CHECK(execute(job) == NRT_EXEC_HW_ERR_NC_UE);
  Client::wait(held);
  const std::vector<nrta_error_t> errors = Client::errors(tracker);
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].seq_id == held);
  CHECK(errors[0].error_code == NRT_EXEC_UNIT_UNRECOVERABLE);
}

TEST_CASE("R62 a fault may last until the driver is reloaded") {
  const std::string until = GENERATE(as<std::string>(), "init", "reload", "restart");
  const std::string set = kShort + ";severity.hang.until=" + until;
  const auto session = [&](bool inject) {
    Client client({{"NSIM_SET", set}});
    const Client::Job job = client.job();
    if (inject) {
      plan("point = \"engine_hang\"\n");
    }
    return execute(job);
  };
  CHECK(session(true) == NRT_TIMEOUT);
  CHECK(session(false) == (until == "init" ? NRT_SUCCESS : NRT_EXEC_UNIT_UNRECOVERABLE));
  {
    const nsim::test::EnvironmentGuard hooks({{"NSIM_HOOKS", "1"}});
    REQUIRE(nsim_hook_reload_driver() == NRT_SUCCESS);
  }
  CHECK(session(false) == NRT_SUCCESS);
}

TEST_CASE("R62 without a reset of the cores a core stays degraded over nrt_init") {
  const std::string set = kShort + ";severity.hang.scope=core";
  for (const char* reset : {"0", "1"}) {
    Client client({{"NSIM_SET", set}, {"NEURON_RT_RESET_CORES", "1"}});
    const Client::Job job = client.job();
    plan("point = \"engine_hang\"\n");
    CHECK(execute(job) == NRT_TIMEOUT);
    nrt_close();
    const nsim::test::EnvironmentGuard next({{"NEURON_RT_RESET_CORES", reset}});
    REQUIRE(nrt_init(NRT_FRAMEWORK_TYPE_NO_FW, "", "") == NRT_SUCCESS);
    CHECK(degraded(client.job()) == (*reset == '0'));
  }
}

TEST_CASE("R4 R65 a device that stops answering: every call has a status, and nrt_close ends") {
  Client client({{"NSIM_SET", kShort}});
  const Client::Job job = client.job();
  nrta_error_tracker_t* tracker = client.tracker();
  const bool close_at_once = GENERATE(false, true);
  Client::pause(NRTA_XU_COMPUTE, true);
  std::vector<nrta_seq_t> sequences;
  for (int i = 0; i < 3; ++i) {
    sequences.push_back(Client::start(job, tracker));
  }
  plan("point = \"device_gone\"\nphase = \"fetch\"\nunit = \"compute\"\n");
  Client::pause(NRTA_XU_COMPUTE, false);
  if (close_at_once) {
    nrt_close();
    return;
  }
  for (const nrta_seq_t sequence : sequences) {
    Client::wait(sequence);
  }
  const std::vector<nrta_error_t> errors = Client::errors(tracker);
  REQUIRE(errors.size() == 3);
  CHECK(errors[0].error_code == NRT_HW_ERROR);
  CHECK(errors[1].error_code == NRT_EXEC_UNIT_UNRECOVERABLE);
  CHECK(errors[2].error_code == NRT_EXEC_UNIT_UNRECOVERABLE);
  CHECK(degraded(job));
  float value = 0;
  CHECK(nrt_tensor_read(job.x, &value, 0, sizeof value) == NRT_EXEC_UNIT_UNRECOVERABLE);
  CHECK(nrt_tensor_write(job.x, &value, 0, sizeof value) == NRT_EXEC_UNIT_UNRECOVERABLE);
}

TEST_CASE("R66 a synchronous call whose device stops answering returns") {
  Client client({{"NSIM_SET", kShort}});
  const Client::Job job = client.job();
  plan("point = \"device_gone\"\nphase = \"doorbell\"\n");
  CHECK(execute(job) == NRT_HW_ERROR);
  CHECK(execute(job) == NRT_EXEC_UNIT_UNRECOVERABLE);
}

TEST_CASE("R36 R63 a host asleep on a handle is woken when the notification was lost") {
  const char* point =
      GENERATE("notification_lost", "notification_corrupted", "interrupt_lost", "device_gone");
  Client client({{"NSIM_SET", kShort}});
  const Client::Job job = client.job();
  plan(std::string("point = \"") + point + "\"\nunit = \"compute\"\n");
  int fd = -1;
  REQUIRE(nrta_get_completion_handle(Client::start(job), &fd) == NRT_SUCCESS);
  pollfd wanted{fd, POLLIN, 0};
  CHECK(poll(&wanted, 1, 20000) == 1);
  close(fd);
}

TEST_CASE("R59 R67 when a copy outlasts the watchdog, nothing is written to the host afterwards") {
  Client client({{"NSIM_SET", "runtime.exec_timeout=20us"}});
  constexpr std::size_t kBytes = 16 << 20;
  nrt_tensor_t* tensor = client.tensor(kBytes);
  std::vector<char> buffer(kBytes, 1);
  nrta_error_tracker_t* tracker = client.tracker();
  nrta_seq_t sequence = 0;
  REQUIRE(nrta_tensor_read(buffer.data(), tensor, 0, kBytes, 0, tracker, &sequence) == NRT_SUCCESS);
  Client::wait(sequence);
  const std::vector<nrta_error_t> errors = Client::errors(tracker);
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].error_code == NRT_TIMEOUT);
  const std::vector<char> seen = buffer;
  CHECK(seen.back() == 1);
  // The device is given the time in which the rest of the copy would have come.
  char byte = 0;
  for (int i = 0; i < 200; ++i) {
    nrta_seq_t other = 0;
    REQUIRE(nrta_tensor_read(&byte, tensor, 0, 1, 1, tracker, &other) == NRT_SUCCESS);
    Client::wait(other);
  }
  CHECK(buffer == seen);
}

TEST_CASE("hooks refuse a plan that is wrong, and change nothing") {
  Client client({{"NSIM_SET", kShort}});
  const Client::Job job = client.job();
  CHECK(nsim_hook_inject_plan(nullptr) == NRT_INVALID);
  CHECK(nsim_hook_inject_plan("[[fault]]\npoint = \"dma_abort\"\n[[fault]]\npoint = \"x\"\n") ==
        NRT_INVALID);
  CHECK(nsim_hook_inject_plan("[runtime]\nexec_timeout = \"1s\"\n") == NRT_INVALID);
  CHECK(execute(job) == NRT_SUCCESS);
}
