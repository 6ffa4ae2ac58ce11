// SPDX-License-Identifier: Apache-2.0
// R60..R66: failures and degraded units.
#include <catch2/catch.hpp>

#include "tests/conformance/client.h"

using nsim::test::Client;

namespace {

/// A short watchdog: a host that polls in the step clock would take for ever to see the default
/// one.
const std::string kShort = "runtime.exec_timeout=200us";

void inject(nsim_fault_t fault, std::uint64_t skip = 0, nrta_xu_t xu = NRTA_XU_COMPUTE,
            int queue = 0) {
  REQUIRE(nsim_hook_inject(0, xu, queue, fault, skip) == NRT_SUCCESS);
}

struct Fault {
  nsim_fault_t fault;
  NRT_STATUS status;
};

}  // namespace

TEST_CASE("R60 R61 a fatal fault gives its own code and degrades the unit") {
  const Fault each = GENERATE(Fault{NSIM_FAULT_HANG, NRT_TIMEOUT},
                              Fault{NSIM_FAULT_HOST_LINK_TIMEOUT, NRT_HW_ERROR},
                              Fault{NSIM_FAULT_COLLECTIVE_STUCK, NRT_EXEC_HW_ERR_COLLECTIVES},
                              Fault{NSIM_FAULT_HBM_UNCORRECTABLE, NRT_EXEC_HW_ERR_HBM_UE},
                              Fault{NSIM_FAULT_SRAM_PARITY, NRT_EXEC_HW_ERR_NC_UE},
                              Fault{NSIM_FAULT_DMA_ABORT, NRT_EXEC_HW_ERR_DMA_ABORT},
                              Fault{NSIM_FAULT_NOTIFICATION_OVERFLOW, NRT_EXEC_SW_NQ_OVERFLOW},
                              Fault{NSIM_FAULT_HBM_REPAIRABLE, NRT_EXEC_HW_ERR_REPAIRABLE_HBM_UE});
  Client client({{"NSIM_SET", kShort}});
  const Client::Job job = client.job();
  nrta_error_tracker_t* tracker = client.tracker();
  inject(each.fault);
  const nrta_seq_t failed = Client::start(job, tracker);
  Client::wait(failed);
  const std::vector<nrta_error_t> errors = Client::errors(tracker);
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].error_code == static_cast<std::uint64_t>(each.status));
  nrta_seq_t sequence = 3;
  CHECK(Client::schedule(job, &sequence, tracker) == NRT_EXEC_UNIT_UNRECOVERABLE);
  CHECK(Client::schedule(job, &sequence, tracker) == NRT_EXEC_UNIT_UNRECOVERABLE);
  CHECK(sequence == 3);
  CHECK(Client::completed(NRTA_XU_COMPUTE) == failed);
}

TEST_CASE("R60 a fault of the request alone fails it, and the unit goes on") {
  const Fault each = GENERATE(Fault{NSIM_FAULT_BAD_DESCRIPTOR, NRT_EXEC_BAD_INPUT},
                              Fault{NSIM_FAULT_NUMERICAL_NAN, NRT_EXEC_COMPLETED_WITH_NUM_ERR},
                              Fault{NSIM_FAULT_SEMAPHORE_MISUSE, NRT_EXEC_COMPLETED_WITH_ERR},
                              Fault{NSIM_FAULT_OUT_OF_BOUNDS, NRT_EXEC_OOB});
  Client client({{"NSIM_SET", kShort}});
  const Client::Job job = client.job();
  nrta_error_tracker_t* tracker = client.tracker();
  inject(each.fault);
  Client::start(job, tracker);
  const nrta_seq_t next = Client::start(job, tracker);
  Client::wait(next);
  const std::vector<nrta_error_t> errors = Client::errors(tracker);
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].error_code == static_cast<std::uint64_t>(each.status));
  CHECK(Client::read(job.y).front() == 1.0F);
}

TEST_CASE("R61 a degraded unit says so even when its queue would be full") {
  Client client({{"NSIM_SET", kShort + ";runtime.queue_depth=1"}});
  const Client::Job job = client.job();
  inject(NSIM_FAULT_DMA_ABORT);
  nrta_seq_t sequence = Client::start(job);
  NRT_STATUS status = NRT_QUEUE_FULL;
  while (status == NRT_QUEUE_FULL) {
    status = Client::schedule(job, &sequence);
  }
  CHECK(status == NRT_EXEC_UNIT_UNRECOVERABLE);
}

TEST_CASE("R62 degradation lasts until the runtime is closed and opened again") {
  {
    Client client({{"NSIM_SET", kShort}});
    const Client::Job job = client.job();
    inject(NSIM_FAULT_SRAM_PARITY);
    Client::wait(Client::start(job));
    nrta_seq_t sequence = 0;
    CHECK(Client::schedule(job, &sequence) == NRT_EXEC_UNIT_UNRECOVERABLE);
    CHECK(nrt_init(NRT_FRAMEWORK_TYPE_NO_FW, "", "") == NRT_SUCCESS);
    CHECK(Client::schedule(job, &sequence) == NRT_EXEC_UNIT_UNRECOVERABLE);
  }
  Client client({{"NSIM_SET", kShort}});
  const Client::Job job = client.job();
  Client::wait(Client::start(job));
  CHECK(Client::read(job.y).front() == 1.0F);
}

TEST_CASE("R63 requests behind a fatal one complete unexecuted, in order, with code 101") {
  const nsim_fault_t fault = GENERATE(NSIM_FAULT_HANG, NSIM_FAULT_DMA_ABORT);
  Client client({{"NSIM_SET", kShort}});
  const Client::Job job = client.job();
  nrta_error_tracker_t* tracker = client.tracker();
  inject(fault, 2);
  Client::pause(NRTA_XU_COMPUTE, true);
  std::vector<nrta_seq_t> sequences;
  for (int i = 0; i < 8; ++i) {
    sequences.push_back(Client::start(job, tracker));
  }
  Client::pause(NRTA_XU_COMPUTE, false);
  for (const nrta_seq_t sequence : sequences) {
    Client::wait(sequence);
  }
  const std::vector<nrta_error_t> errors = Client::errors(tracker);
  REQUIRE(errors.size() == 6);
  CHECK(errors[0].seq_id == sequences[2]);
  CHECK(errors[0].error_code ==
        (fault == NSIM_FAULT_HANG ? NRT_TIMEOUT : NRT_EXEC_HW_ERR_DMA_ABORT));
  for (std::size_t i = 1; i < errors.size(); ++i) {
    CHECK(errors[i].seq_id == sequences[2 + i]);
    CHECK(errors[i].error_code == NRT_EXEC_UNIT_UNRECOVERABLE);
  }
}

TEST_CASE("R64 other units of the core, other queues and other cores go on") {
  Client client({{"NSIM_SET", kShort}});
  const Client::Job job = client.job();
  char byte = 0;
  nrta_seq_t sequence = 0;
  inject(NSIM_FAULT_DMA_ABORT, 0, NRTA_XU_TENSOR_WRITE, 0);
  REQUIRE(nrta_tensor_write(job.x, &byte, 0, 1, 0, nullptr, &sequence) == NRT_SUCCESS);
  Client::wait(sequence);
  CHECK(nrta_tensor_write(job.x, &byte, 0, 1, 0, nullptr, &sequence) ==
        NRT_EXEC_UNIT_UNRECOVERABLE);
  CHECK(nrta_tensor_write(job.x, &byte, 0, 1, 1, nullptr, &sequence) == NRT_SUCCESS);
  Client::wait(sequence);
  CHECK(nrta_tensor_read(&byte, job.x, 0, 1, 1, nullptr, &sequence) == NRT_SUCCESS);
  Client::wait(sequence);
  Client::wait(Client::start(job));
  Client::wait(Client::start(client.job(1)));
}

TEST_CASE("R65 after degradation everything but scheduling still works") {
  Client client({{"NSIM_SET", kShort}});
  Client::Job job = client.job();
  nrta_error_tracker_t* tracker = client.tracker();
  inject(NSIM_FAULT_HANG);
  const nrta_seq_t sequence = Client::start(job, tracker);
  Client::wait(sequence);
  bool done = false;
  CHECK(nrta_is_completed(sequence, &done) == NRT_SUCCESS);
  CHECK(done);
  CHECK(Client::errors(tracker).size() == 1);
  Client::fill(job.x, 2);
  CHECK(Client::read(job.x).front() == 2.0F);
  CHECK(nrt_unload(job.model) == NRT_SUCCESS);
  nrt_tensor_free(&job.x);
  nrta_error_tracker_destroy(tracker);
}

TEST_CASE("R66 a synchronous execution returns the code of the fault, and 101 afterwards") {
  Client client({{"NSIM_SET", kShort}});
  const Client::Job job = client.job();
  inject(NSIM_FAULT_HANG);
  CHECK(nrt_execute(job.model, job.inputs, job.outputs) == NRT_TIMEOUT);
  CHECK(nrt_execute(job.model, job.inputs, job.outputs) == NRT_EXEC_UNIT_UNRECOVERABLE);
}

TEST_CASE("R67 NEURON_RT_EXEC_TIMEOUT counts simulated time") {
  Client client({{"NEURON_RT_EXEC_TIMEOUT", "3"}});
  const Client::Job job = client.job();
  inject(NSIM_FAULT_HANG);
  std::uint64_t before = 0;
  std::uint64_t after = 0;
  REQUIRE(nsim_hook_now(&before) == NRT_SUCCESS);
  CHECK(nrt_execute(job.model, job.inputs, job.outputs) == NRT_TIMEOUT);
  REQUIRE(nsim_hook_now(&after) == NRT_SUCCESS);
  constexpr std::uint64_t kSecond = 1'000'000'000'000;
  CHECK(after - before >= 3 * kSecond);
  CHECK(after - before < 3 * kSecond + kSecond / 1000);
}
