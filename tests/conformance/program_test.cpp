// SPDX-License-Identifier: Apache-2.0
// Programs made in process from their text.
#include <nsim_program.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/conformance/client.h"

using nsim::test::Client;
using nsim::test::EnvironmentGuard;

namespace {

/// y = 2 x on 128 elements, by each core of the logical core for itself. `op` is the operator.
std::string doubling(const std::string& op, int cores) {
  return "program twice\ntarget trn1\ncores " + std::to_string(cores) +
         "\ntensor x input float32 [128, 2]\ntensor y output float32 [128, 2]\n"
         "sbuf t float32 [128, 2]\n"
         "sync.dma_copy t, x\n"
         "vector.tensor_scalar t, t op0 " +
         op +
         " operand0 2\n"
         "scalar.dma_copy y, t\n";
}

struct Assembled {
  NRT_STATUS status = NRT_FAILURE;
  std::vector<std::byte> container;
  std::string message;
};

Assembled assemble(const std::string& text, const char* name, const char* config) {
  void* container = nullptr;
  std::size_t size = 0;
  char* message = nullptr;
  Assembled out;
  out.status =
      nsim_program_assemble(text.data(), text.size(), name, config, &container, &size, &message);
  const auto* const bytes = static_cast<const std::byte*>(container);
  out.container.assign(bytes, bytes + size);
  out.message = message != nullptr ? message : "";
  nsim_program_free(container);
  nsim_program_free(message);
  return out;
}

void run_twice(nrt_model_t* model, Client& client) {
  nrt_tensor_t* x = client.tensor(1024);
  nrt_tensor_t* y = client.tensor(1024);
  Client::fill(x, 3);
  REQUIRE(nrt_execute(model, client.set("x", x), client.set("y", y)) == NRT_SUCCESS);
  CHECK(Client::read(y) == std::vector<float>(256, 6));
}

}  // namespace

TEST_CASE("text becomes a container that loads and runs, for the device of the open session") {
  Client client;
  const Assembled twice = assemble(doubling("multiply", Client::cores_per_logical()), "k", nullptr);
  REQUIRE(twice.message.empty());
  REQUIRE(twice.status == NRT_SUCCESS);
  nrt_model_t* model = nullptr;
  REQUIRE(nrt_load(twice.container.data(), twice.container.size(), 0, -1, &model) == NRT_SUCCESS);
  run_twice(model, client);
}

TEST_CASE("text is loaded without a container, and the report counts its executions") {
  Client client{{"NSIM_RECORDS", "1"}};
  const std::string text = doubling("multiply", Client::cores_per_logical());
  nrt_model_t* model = nullptr;
  char* message = nullptr;
  REQUIRE(nsim_program_load(text.data(), text.size(), "k", 0, &model, &message) == NRT_SUCCESS);
  CHECK(message == nullptr);
  run_twice(model, client);
  char* json = nullptr;
  REQUIRE(nsim_program_report(&json) == NRT_SUCCESS);
  const auto report = nlohmann::json::parse(json);
  nsim_program_free(json);
  REQUIRE(report.contains("summary"));
  CHECK(report["summary"].value("executions", 0) == 1);
  CHECK(report["summary"].value("time_per_request_ns", 0.0) > 0);
}

TEST_CASE("what is wrong with a text is said with its place, and nothing is made") {
  Client client;
  const std::string text = doubling("multiplyy", Client::cores_per_logical());
  const std::string expected =
      "kernel:8:31: expected an operator after op0, not 'multiplyy'; did you mean 'multiply'?";
  const Assembled refused = assemble(text, "kernel", nullptr);
  CHECK(refused.status == NRT_INVALID);
  CHECK(refused.message == expected);
  CHECK(refused.container.empty());
  nrt_model_t* model = nullptr;
  char* message = nullptr;
  CHECK(nsim_program_load(text.data(), text.size(), "kernel", 0, &model, &message) == NRT_INVALID);
  REQUIRE(message != nullptr);
  CHECK(message == expected);
  CHECK(model == nullptr);
  nsim_program_free(message);
  CHECK(nsim_program_load(nullptr, 0, "kernel", 0, &model, nullptr) == NRT_INVALID);
  CHECK(nsim_program_load(text.data(), text.size(), "kernel", -2, &model, nullptr) == NRT_INVALID);
}

TEST_CASE("without a session a text is assembled for the configuration that is named, or set") {
  const EnvironmentGuard quiet{{"NEURON_RT_LOG_LEVEL", "QUIET"}, {"NSIM_CONFIG", "trn1"}};
  CHECK(assemble(doubling("multiply", 1), "k", "trn2_lnc1").status == NRT_SUCCESS);
  CHECK(assemble(doubling("multiply", 2), "k", "trn3").status == NRT_SUCCESS);
  CHECK(assemble(doubling("multiply", 1), "k", nullptr).status == NRT_SUCCESS);
  CHECK_THAT(assemble(doubling("multiply", 2), "k", nullptr).message,
             Catch::Contains("runs on 2 cores per logical core"));
  CHECK_THAT(assemble(doubling("multiply", 1), "k", "trn9").message,
             Catch::Contains("no configuration \"trn9\""));
  CHECK_THAT(assemble("x = ", "k.toml", "trn1").message, Catch::StartsWith("k.toml:1:"));
  nrt_model_t* model = nullptr;
  char* message = nullptr;
  CHECK(nsim_program_load("", 0, "k", 0, &model, &message) != NRT_SUCCESS);
  CHECK(message == nullptr);
}
