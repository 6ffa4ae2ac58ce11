// SPDX-License-Identifier: Apache-2.0
// NEFFs as a compiler for the real devices writes them: the checks of nrt_load, and a program in
// their place.
#include <unistd.h>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "sim/isa/container.h"
#include "tests/conformance/client.h"
#include "tests/support/neff_fixture.h"
#include "tests/support/scratch_folder.h"
#include "tests/support/test_program.h"

using namespace nsim;
using namespace nsim::test;

namespace {

/// A folder with a substitution map and the program it names; disappears with the test.
class Substitution : public ScratchFolder {
 public:
  Substitution(const std::vector<std::byte>& neff, const std::string& target, int cores) {
    const std::vector<std::byte> program = increment_container(target, cores);
    write("increment.neff",
          std::string(reinterpret_cast<const char*>(program.data()), program.size()));
    const std::string hash =
        isa::payload_md5(neff.data() + isa::kNeffHeaderSize, neff.size() - isa::kNeffHeaderSize);
    write("map.toml", "[[substitute]]\nhash = \"" + hash +
                          "\"\nprogram = \"increment.neff\"\n[substitute.tensors]\n"
                          "tokens = \"x\"\nresult = \"y\"\n");
  }

  std::string map() const { return *this / "map.toml"; }
};

/// What the fixtures of a test must be made for.
struct Site {
  std::string target;
  int cores = 1;
};

Site site() {
  const Client client;
  return {Client::target(), Client::cores_per_logical()};
}

NRT_STATUS load(const std::vector<std::byte>& neff, nrt_model_t** model, int core = 0) {
  return nrt_load(neff.data(), neff.size(), core, -1, model);
}

NRT_STATUS load(const std::vector<std::byte>& neff) {
  nrt_model_t* model = nullptr;
  const NRT_STATUS status = load(neff, &model);
  CHECK((model == nullptr) == (status != NRT_SUCCESS));
  return status;
}

}  // namespace

TEST_CASE("NEFF: a program takes its place, under the names of the NEFF, with right results") {
  const Site at = site();
  const NeffFixture fixture = increment_neff(at.target, at.cores);
  const std::vector<std::byte> neff = fixture.file();
  const Substitution substitution(neff, at.target, at.cores);
  Client client{{"NSIM_SUBSTITUTE", substitution.map()}};
  nrt_model_t* model = nullptr;
  REQUIRE(load(neff, &model) == NRT_SUCCESS);

  nrt_tensor_info_array_t* info = nullptr;
  REQUIRE(nrt_get_model_tensor_info(model, &info) == NRT_SUCCESS);
  REQUIRE(info->tensor_count == 2);
  const nrt_tensor_info_t& input = info->tensor_array[0];
  CHECK(std::string(input.name) == "tokens");
  CHECK(input.usage == NRT_TENSOR_USAGE_INPUT);
  CHECK(input.dtype == NRT_DTYPE_FLOAT32);
  CHECK(input.size == static_cast<std::size_t>(fixture.inputs[0].bytes));
  REQUIRE(input.ndim == fixture.inputs[0].shape.size());
  for (std::size_t i = 0; i < input.ndim; ++i) {
    CHECK(input.shape[i] == static_cast<std::uint32_t>(fixture.inputs[0].shape[i]));
  }
  CHECK(std::string(info->tensor_array[1].name) == "result");
  CHECK(info->tensor_array[1].usage == NRT_TENSOR_USAGE_OUTPUT);
  REQUIRE(nrt_free_model_tensor_info(info) == NRT_SUCCESS);

  nrt_tensor_t* x = client.tensor(Client::bytes());
  nrt_tensor_t* y = client.tensor(Client::bytes());
  Client::fill(x, 41);
  REQUIRE(nrt_execute(model, client.set("tokens", x), client.set("result", y)) == NRT_SUCCESS);
  const std::vector<float> values = Client::read(y);
  CHECK(std::count(values.begin(), values.end(), 42.0F) ==
        static_cast<std::ptrdiff_t>(values.size()));
}

TEST_CASE("NEFF: without an entry in a map it is not supported") {
  const Site at = site();
  const std::vector<std::byte> neff = increment_neff(at.target, at.cores).file();
  {
    const Client client;
    CHECK(load(neff) == NRT_UNSUPPORTED_NEFF_VERSION);
  }
  NeffFixture other = increment_neff(at.target, at.cores);
  other.header.name = "another";
  other.inputs[0].name = "words";
  const Substitution substitution(neff, at.target, at.cores);
  const Client client{{"NSIM_SUBSTITUTE", substitution.map()}};
  CHECK(load(other.file()) == NRT_UNSUPPORTED_NEFF_VERSION);
}

TEST_CASE("NEFF: a map or a program of it that is wrong is invalid, where it is read") {
  const Site at = site();
  const std::vector<std::byte> neff = increment_neff(at.target, at.cores).file();
  const Substitution substitution(neff, at.target, at.cores);
  substitution.write("increment.neff", "no program");
  {
    const Client client{{"NSIM_SUBSTITUTE", substitution.map()}};
    CHECK(load(neff) == NRT_INVALID);
  }
  substitution.write("map.toml", "[[substitute]]\n");
  const EnvironmentGuard variables{{"NSIM_SUBSTITUTE", substitution.map()},
                                   {"NEURON_RT_LOG_LEVEL", "QUIET"}};
  CHECK(nrt_init(NRT_FRAMEWORK_TYPE_NO_FW, "", "") == NRT_INVALID);
}

TEST_CASE("NEFF: a newer version, another architecture and another LNC size have their statuses") {
  const Site at = site();
  const NeffFixture good = increment_neff(at.target, at.cores);
  const Substitution substitution(good.file(), at.target, at.cores);
  const Client client{{"NSIM_SUBSTITUTE", substitution.map()}};
  NeffFixture other = good;
  other.header.minor = 1;
  CHECK(load(other.file()) == NRT_UNSUPPORTED_NEFF_VERSION);
  other = good;
  other.header.major = 3;
  CHECK(load(other.file()) == NRT_UNSUPPORTED_NEFF_VERSION);
  other = good;
  other.target = "unheard_of";
  CHECK(load(other.file()) == NRT_UNSUPPORTED_NEFF_VERSION);
  CHECK(load(increment_neff(at.target, 3 - at.cores).file()) == NRT_INVALID);
}

TEST_CASE("NEFF: too few cores and a core that is not there have their statuses") {
  const Site at = site();
  NeffFixture fixture = increment_neff(at.target, at.cores);
  const std::vector<std::byte> good = fixture.file();
  const Substitution substitution(good, at.target, at.cores);
  const Client client{{"NSIM_SUBSTITUTE", substitution.map()}};
  std::uint32_t cores = 0;
  REQUIRE(nrt_get_visible_nc_count(&cores) == NRT_SUCCESS);
  fixture.header.requested_tpb_count = cores + 1;
  CHECK(load(fixture.file()) == NRT_LOAD_NOT_ENOUGH_NC);
  nrt_model_t* model = nullptr;
  CHECK(load(good, &model, static_cast<int>(cores)) == NRT_INVALID);
  for (std::uint32_t i = 0; i < cores; ++i) {
    CHECK(load(good, &model, -1) == NRT_SUCCESS);
  }
  CHECK(load(good, &model, -1) == NRT_LOAD_NOT_ENOUGH_NC);
}

TEST_CASE("NEFF: damage is invalid, and a wrong hash is when hashes are validated") {
  const Site at = site();
  std::vector<std::byte> neff = increment_neff(at.target, at.cores).file();
  const Substitution substitution(neff, at.target, at.cores);
  {
    const Client client{{"NSIM_SUBSTITUTE", substitution.map()}};
    CHECK(load({neff.begin(), neff.begin() + 1000}) == NRT_INVALID);
    CHECK(load({neff.begin(), neff.end() - 1}) == NRT_INVALID);
    std::vector<std::byte> damaged = neff;
    std::fill(damaged.begin() + 1040, damaged.end(), std::byte{0});
    CHECK(load(damaged) == NRT_INVALID);
  }
  neff[0xAC] ^= std::byte{1};  // the hash in the header
  {
    const Client client{{"NSIM_SUBSTITUTE", substitution.map()}};
    CHECK(load(neff) == NRT_SUCCESS);
  }
  const Client client{{"NSIM_SUBSTITUTE", substitution.map()}, {"NEURON_RT_VALIDATE_HASH", "1"}};
  CHECK(load(neff) == NRT_INVALID);
}

TEST_CASE("NEFF: one with collectives is loaded by nrt_load_collectives") {
  const Site at = site();
  NeffFixture fixture = increment_neff(at.target, at.cores);
  fixture.collective_streams = 1;
  const std::vector<std::byte> neff = fixture.file();
  const Substitution substitution(neff, at.target, at.cores);
  const Client client{{"NSIM_SUBSTITUTE", substitution.map()}};
  CHECK(load(neff) == NRT_INVALID);
  nrt_model_t* model = nullptr;
  CHECK(nrt_load_collectives(neff.data(), neff.size(), 0, -1, 0, 1, &model) == NRT_SUCCESS);
}
