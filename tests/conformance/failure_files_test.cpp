// SPDX-License-Identifier: Apache-2.0
// R69: what a failure leaves behind: counters, core dumps, input dumps.
#include <nrt/nrt_profile.h>
#include <nsim_program.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/conformance/client.h"
#include "tests/conformance/scratch.h"

using nsim::test::Client;
using nsim::test::Scratch;

namespace {

void fail_once(const Client::Job& job) {
  REQUIRE(nsim_hook_inject(0, NRTA_XU_COMPUTE, 0, NSIM_FAULT_OUT_OF_BOUNDS, 0) == NRT_SUCCESS);
  REQUIRE(nrt_execute(job.model, job.inputs, job.outputs) == NRT_EXEC_OOB);
}

nlohmann::json counters() {
  std::size_t size = 0;
  REQUIRE(nsim_hook_counters(nullptr, &size) == NRT_RESOURCE);
  std::string text(size + 1000, ' ');
  size = text.size();
  REQUIRE(nsim_hook_counters(text.data(), &size) == NRT_SUCCESS);
  return nlohmann::json::parse(text.substr(0, size - 1));
}

}  // namespace

TEST_CASE("R69 every end of an execution is counted on its core, and refusals and loads are") {
  Client client;
  const Client::Job job = client.job(1);
  REQUIRE(nrt_execute(job.model, job.inputs, job.outputs) == NRT_SUCCESS);
  REQUIRE(nsim_hook_inject(1, NRTA_XU_COMPUTE, 0, NSIM_FAULT_OUT_OF_BOUNDS, 0) == NRT_SUCCESS);
  REQUIRE(nrt_execute(job.model, job.inputs, job.outputs) == NRT_EXEC_OOB);
  REQUIRE(nsim_hook_inject(1, NRTA_XU_COMPUTE, 0, NSIM_FAULT_DMA_ABORT, 0) == NRT_SUCCESS);
  REQUIRE(nrt_execute(job.model, job.inputs, job.outputs) == NRT_EXEC_HW_ERR_DMA_ABORT);
  REQUIRE(nrt_execute(job.model, job.inputs, job.outputs) == NRT_EXEC_UNIT_UNRECOVERABLE);
  const nlohmann::json all = counters();
  const nlohmann::json& core = all.at("neuroncore_counters").at("1");
  CHECK(core.at("status").at("success") == 1);
  CHECK(core.at("status").at("oob_error") == 1);
  CHECK(core.at("status").at("hw_error") == 1);
  CHECK(core.at("status").at("generic_error") == 1);
  CHECK(core.at("inference_count") == 3);
  CHECK(core.at("model_load_count").get<int>() >= 1);
  CHECK(core.at("nc_time_in_use_ns").get<double>() > 0);
  const nlohmann::json& idle = all.at("neuroncore_counters").at("0");
  CHECK(idle.at("inference_count") == 0);
  std::uint64_t tensors = 0;
  for (const auto& [stack, uses] : all.at("memory_usage").at("device_mem").items()) {
    tensors += uses.at("tensors").get<std::uint64_t>();
  }
  CHECK(tensors >= 2 * Client::bytes());
}

TEST_CASE(
    "R69 a failed execution leaves the state of its cores and the log in the named directory") {
  const Scratch scratch;
  Client client({{"NEURON_RT_LOCAL_CORE_DUMP_DIRECTORY", scratch.path() + "/cid-%c-pid-%p-%%"}});
  const Client::Job job = client.job();
  CHECK(scratch.names().empty());
  fail_once(job);
  const std::string folder = "cid-0000000000000000-pid-" + std::to_string(getpid()) + "-%";
  REQUIRE(scratch.names() == std::vector<std::string>{folder});
  const std::vector<std::string> files = scratch.names(folder);
  REQUIRE(files.size() == static_cast<std::size_t>(Client::cores_per_logical()) + 1);
  CHECK_THAT(files.front(), Catch::Contains("-nd0-nc0-pid-" + std::to_string(getpid()) + "-tid-"));
  CHECK_THAT(files.back(), Catch::EndsWith("-nrt-pid-" + std::to_string(getpid()) + ".log"));
  const auto state = nlohmann::json::parse(scratch.read(folder + "/" + files.front()));
  CHECK(state.at("error").at("status") == NRT_EXEC_OOB);
  CHECK(state.at("error").at("api") == "nrt_execute");
  CHECK(state.at("model").at("inputs").at(0).at("name") == "x");
  CHECK_FALSE(state.at("statistics").empty());
}

TEST_CASE("R69 a model whose names are no UTF-8 fails and is told of like any other") {
  const Scratch scratch;
  Client client({{"NEURON_RT_LOCAL_CORE_DUMP_DIRECTORY", scratch.path() + "/dump"}});
  const int cores = Client::cores_per_logical();  // loads a model
  const std::string text = "program \"p\xff\"\ntarget " + Client::target() + "\ncores " +
                           std::to_string(cores) +
                           "\ntensor \"x\xff\" input float32 [256, 64]\n"
                           "sbuf t float32 [128, 64]\n"
                           "sync.dma_copy t, \"x\xff\"[core * 128 +: 128, :]\n";
  Client::Job job;
  REQUIRE(nsim_program_load(text.data(), text.size(), "p.nasm", 0, &job.model, nullptr) ==
          NRT_SUCCESS);
  job.inputs = client.set("x\xff", client.tensor(sizeof(float) * 256 * 64));
  job.outputs = job.inputs;
  const std::string profile = scratch.path() + "/profile";
  REQUIRE(nrt_profile_start(job.model, profile.c_str()) == NRT_SUCCESS);
  fail_once(job);
  CHECK(scratch.names("dump").size() == static_cast<std::size_t>(cores) + 1);
  CHECK(nrt_profile_stop(profile.c_str()) == NRT_SUCCESS);
  char* report = nullptr;
  REQUIRE(nsim_program_report(&report) == NRT_SUCCESS);
  CHECK(nlohmann::json::parse(report).at("models").back().at("name") == "p\uFFFD");
  nsim_program_free(report);
}

TEST_CASE("R69 without a directory nothing is written, and a bad one fails no request") {
  const Scratch scratch;
  {
    Client client({{"NEURON_RT_LOCAL_CORE_DUMP_DIRECTORY", ""}});
    fail_once(client.job());
  }
  CHECK(scratch.names().empty());
  Client client({{"NEURON_RT_LOCAL_CORE_DUMP_DIRECTORY", "/proc/no/such/place"},
                 {"NEURON_RT_DBG_DUMP_INPUTS_ON_ERR", "1006"}});
  chmod(scratch.path().c_str(), 0500);
  const Client::Job job = client.job();
  fail_once(job);
  chmod(scratch.path().c_str(), 0700);
  CHECK(nrt_execute(job.model, job.inputs, job.outputs) == NRT_SUCCESS);
}

TEST_CASE("R69 a client that fails again and again leaves eight dumps and no more") {
  const Scratch scratch;
  Client client({{"NEURON_RT_DBG_DUMP_INPUTS_ON_ERR", "1006"}});
  const Client::Job job = client.job();
  for (int i = 0; i < 12; ++i) {
    fail_once(job);
  }
  CHECK(scratch.names().size() == 8);
}

TEST_CASE("R69 the dump program is told what failed and where the files are") {
  const Scratch scratch;
  const std::string program = scratch.path() + "/dump program";
  std::ofstream(program) << "#!/bin/sh\nprintf '%s\\n' \"$@\" > '" << scratch.path() << "/words'\n";
  chmod(program.c_str(), 0755);
  Client client({{"NEURON_RT_LOCAL_CORE_DUMP_DIRECTORY", scratch.path() + "/dump"},
                 {"NSIM_DUMP_PROGRAM", program}});
  fail_once(client.job());
  const std::string words = scratch.read("words");
  CHECK_THAT(words, Catch::Contains("--error-location\nnrt_execute\n--error-code\n1006\n"));
  CHECK_THAT(words, Catch::Contains("--local-output-dir\n" + scratch.path() + "/dump\n"));
  CHECK_THAT(words, Catch::Contains("--pid\n" + std::to_string(getpid()) + "\n"));
  for (const char* flag : {"--neff-name", "--neff-uuid", "--date-time", "--tid", "--log-id",
                           "--instance-id", "--cluster-id", "--s3-output-prefix"}) {
    CHECK_THAT(words, Catch::Contains(flag));
  }
}

TEST_CASE("R69 the inputs of an execution are dumped on the status that was asked for, only") {
  const Scratch scratch;
  Client client({{"NEURON_RT_DBG_DUMP_INPUTS_ON_ERR", "1006"}});
  const Client::Job job = client.job();
  Client::fill(job.x, 2.5F);
  REQUIRE(nsim_hook_inject(0, NRTA_XU_COMPUTE, 0, NSIM_FAULT_NUMERICAL_NAN, 0) == NRT_SUCCESS);
  REQUIRE(nrt_execute(job.model, job.inputs, job.outputs) == NRT_EXEC_COMPLETED_WITH_NUM_ERR);
  CHECK(scratch.names().empty());
  fail_once(job);
  REQUIRE(scratch.names().size() == 1);
  const std::string folder = scratch.names()[0];
  CHECK_THAT(folder, Catch::StartsWith("input_dump_") && Catch::Contains("_h_nn_"));
  CHECK(scratch.names(folder) == std::vector<std::string>{"input0.bin", "model_name.txt"});
  const std::string bytes = scratch.read(folder + "/input0.bin");
  REQUIRE(bytes.size() == Client::bytes());
  float value = 0;
  std::memcpy(&value, bytes.data(), sizeof value);
  CHECK(value == 2.5F);
}
