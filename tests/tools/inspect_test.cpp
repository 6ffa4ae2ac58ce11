// SPDX-License-Identifier: Apache-2.0
// nsim inspect on a file with the shape of a NEFF, on a container of ours, and on damaged ones.
#include <catch2/catch.hpp>

#include "tests/support/neff_fixture.h"
#include "tests/tools/nsim_process.h"

using namespace nsim::test;
using Catch::Matchers::Contains;
using Json = nlohmann::json;

namespace {

std::string write(const ScratchFolder& scratch, const std::string& name,
                  const std::vector<std::byte>& bytes) {
  return scratch.write(name,
                       std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

}  // namespace

TEST_CASE("inspect lists the tensors, cores and hash of a NEFF") {
  const ScratchFolder scratch;
  const NeffFixture fixture = increment_neff("trn2", 2);
  const std::string path = write(scratch, "increment.neff", fixture.file());
  const Outcome text = shell("%N inspect " + path);
  INFO(text.text);
  CHECK(text.exit_code == 0);
  CHECK_THAT(text.text, Contains("increment.neff: NEFF, version 2.0"));
  CHECK_THAT(text.text, Contains("cayman, NeuronCore-v3 (trn2)"));
  CHECK_THAT(text.text, Contains("1 logical core, 2 physical cores each"));
  CHECK_THAT(text.text, Contains("(MD5 of the payload: matches)"));
  CHECK_THAT(text.text, Contains("[256, 64]"));

  const Json json = Json::parse(shell("%N inspect --json " + path).text);
  CHECK(json["kind"] == "neff");
  CHECK(json["tensors"].size() == 2);
  CHECK(json["tensors"][0] == Json{{"name", "tokens"},
                                   {"usage", "input"},
                                   {"dtype", "float32"},
                                   {"shape", fixture.inputs[0].shape},
                                   {"bytes", fixture.inputs[0].bytes}});
  CHECK(json["tensors"][1]["usage"] == "output");
  CHECK(json["hash"]["matches"] == true);
  CHECK(json["header"]["lnc_size"] == 2);
  CHECK(json["core_version"] == 3);
  CHECK(json["graphs"].size() == 2);
  CHECK(json["members"].size() == fixture.members().size());
}

TEST_CASE("inspect says when the hash of a NEFF is not that of its payload") {
  const ScratchFolder scratch;
  std::vector<std::byte> bytes = increment_neff("trn2", 2).file();
  bytes[0xAC] ^= std::byte{1};
  const std::string path = write(scratch, "other.neff", bytes);
  CHECK_THAT(shell("%N inspect " + path).text, Contains("doesn't match, the payload has"));
  CHECK(Json::parse(shell("%N inspect --json " + path).text)["hash"]["matches"] == false);
}

TEST_CASE("inspect shows the program of a container of ours") {
  const ScratchFolder scratch;
  const std::string path = scratch / "add.neff";
  REQUIRE(shell("%N asm %S/models/vector_add.nasm -o " + path).exit_code == 0);
  const Outcome text = shell("%N inspect " + path);
  INFO(text.text);
  CHECK(text.exit_code == 0);
  CHECK_THAT(text.text, Contains("program container"));
  const Json json = Json::parse(shell("%N inspect --json " + path).text);
  CHECK(json["kind"] == "program");
  CHECK(json["hash"]["matches"] == true);
  CHECK(json["instructions"]["vector"] > 0);
  CHECK(json["dma_transfers"] > 0);
  CHECK(json["tensors"][0]["usage"] == "input");
  CHECK(json["header"]["lnc_size"] == json["cores"]);
}

TEST_CASE("inspect refuses what is no NEFF, or a damaged one, and says why") {
  const ScratchFolder scratch;
  const std::vector<std::byte> good = increment_neff("trn2", 2).file();
  const auto refuses = [&](std::vector<std::byte> bytes, const std::string& why) {
    const Outcome outcome = shell("%N inspect " + write(scratch, "bad.neff", bytes));
    INFO(outcome.text);
    CHECK(outcome.exit_code == 2);
    CHECK_THAT(outcome.text, Contains("bad.neff: ") && Contains(why));
  };
  refuses({good.begin(), good.begin() + 100}, "at least 1024 bytes");
  refuses({good.begin(), good.end() - 1}, "says its payload has");
  std::vector<std::byte> newer = good;
  newer[24] = std::byte{3};
  refuses(newer, "version 3.0, supported is up to 2.0");
  std::vector<std::byte> damaged = good;
  std::fill(damaged.begin() + 1100, damaged.begin() + 1200, std::byte{0});
  refuses(damaged, "no gzip'ed tar archive");
  CHECK(shell("%N inspect /nowhere.neff").exit_code == 2);
}
