// SPDX-License-Identifier: Apache-2.0
// Errors that nobody planned: the program itself makes them, and the device finds them.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "sim/isa/container.h"
#include "sim/isa/text.h"
#include "tests/conformance/client.h"

using nsim::test::Client;

namespace {

NRT_STATUS run(Client& client, const std::string& body) {
  const std::string text = fmt::format(
      "program p\ntarget {}\ncores {}\n"
      "tensor x input float32 [128, 16]\ntensor y output float32 [128, 16]\n{}",
      Client::target(), Client::cores_per_logical(), body);
  const std::vector<std::byte> neff =
      nsim::isa::write_container(nsim::isa::parse_text(text, "p.nasm"));
  Client::Job job;
  REQUIRE(nrt_load(neff.data(), neff.size(), 0, -1, &job.model) == NRT_SUCCESS);
  job.x = client.tensor(sizeof(float) * 128 * 16);
  job.y = client.tensor(sizeof(float) * 128 * 16);
  Client::fill(job.x, 1);
  job.inputs = client.set("x", job.x);
  job.outputs = client.set("y", job.y);
  return nrt_execute(job.model, job.inputs, job.outputs);
}

std::string gather(int index) {
  return fmt::format(
      "tensor table weight float32 [8, 16] = constant(1)\n"
      "sbuf index int32 [128, 1]\nsbuf tile float32 [128, 16]\n"
      "vector.memset index value {}\n"
      "gpsimd.dma_gather tile, table[0, :], index\n"
      "sync.dma_copy y, tile\n",
      index);
}

/// inf - inf
const char* const kNan =
    "sbuf tile float32 [128, 16]\n"
    "vector.memset tile value inf\n"
    "vector.tensor_tensor tile, tile, tile op subtract\n"
    "sync.dma_copy y, tile\n";

std::string software_descriptors(int count) {
  return fmt::format(
      "sbuf tile float32 [128, 16]\n"
      "loop i 0..{} {{\n  gpsimd.dma_copy tile, x dge swdge\n}}\n"
      "sync.dma_copy y, tile dge none\n",
      count);
}

}  // namespace

TEST_CASE("an index beyond its table fails the request, and the unit goes on") {
  Client client;
  CHECK(run(client, gather(7)) == NRT_SUCCESS);
  CHECK(run(client, gather(8)) == NRT_EXEC_OOB);
  CHECK(run(client, gather(-1)) == NRT_EXEC_OOB);
  CHECK(run(client, gather(0)) == NRT_SUCCESS);
}

TEST_CASE("NaN in a result fails the request only where it is looked for") {
  {
    Client client;
    CHECK(run(client, kNan) == NRT_SUCCESS);
  }
  for (const nsim::test::Variable& on :
       {nsim::test::Variable{"NEURON_FAIL_ON_NAN", "1"},
        nsim::test::Variable{"NEURON_RT_NUMERICAL_ERRORS_VERBOSITY", "critical"}}) {
    Client client({on});
    CHECK(run(client, kNan) == NRT_EXEC_COMPLETED_WITH_NUM_ERR);
    CHECK(run(client, gather(0)) == NRT_SUCCESS);
  }
}

TEST_CASE("notifications of generated descriptors overflow the ring of a unit nobody interrupts") {
  // 16 descriptors, four entries each, two of them kept back; one is taken by the start.
  const std::string depth = "runtime.queue_depth=16";
  constexpr int kFits = 16 * 4 - 2 - 1;
  {
    Client client({{"NSIM_SET", depth}});
    CHECK(run(client, software_descriptors(2 * kFits)) == NRT_SUCCESS);
  }
  Client client({{"NSIM_SET", depth}, {"NEURON_RT_ENABLE_DGE_NOTIFICATIONS", "1"}});
  const int cores = Client::cores_per_logical();
  CHECK(run(client, software_descriptors(kFits / cores - 1)) == NRT_SUCCESS);
  CHECK(run(client, software_descriptors(kFits / cores + 1)) == NRT_EXEC_SW_NQ_OVERFLOW);
  CHECK(run(client, software_descriptors(1)) == NRT_EXEC_UNIT_UNRECOVERABLE);
}
