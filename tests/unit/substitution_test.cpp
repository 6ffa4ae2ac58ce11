// SPDX-License-Identifier: Apache-2.0
#include "runtime/substitution.h"

#include <catch2/catch.hpp>

#include "sim/isa/container.h"
#include "tests/support/neff_fixture.h"
#include "tests/support/test_program.h"

using namespace nsim;
using namespace nsim::rt;
using Catch::Matchers::Contains;

namespace {

const std::string kHash = "0123456789abcdef0123456789abcdef";
const std::string kUuid = "00a04c53-5fd9-4f07-bffd-d5eacdefc852";

isa::Neff neff_of(const test::NeffFixture& fixture) {
  const std::vector<std::byte> bytes = fixture.file();
  return isa::read_neff(bytes.data(), bytes.size());
}

isa::Program increment() {
  const std::vector<std::byte> bytes = test::increment_container("trn2", 2);
  return isa::read_container(bytes.data(), bytes.size());
}

std::string refusal(const std::string& text) {
  try {
    SubstitutionMap::parse(text, "dir/map.toml");
  } catch (const UserError& error) {
    return error.what();
  }
  FAIL("the map was read");
  return "";
}

std::string mismatch(const test::NeffFixture& fixture, const Substitute& entry) {
  try {
    pair_tensors(neff_of(fixture), increment(), entry);
  } catch (const UserError& error) {
    return error.what();
  }
  FAIL("the tensors fit");
  return "";
}

Substitute renaming() {
  Substitute entry;
  entry.program = "increment.nasm";
  entry.tensors = {{"tokens", "x"}, {"result", "y"}};
  entry.where = {"map.toml", 4, 1};
  return entry;
}

}  // namespace

TEST_CASE("a map tells which program takes the place of which NEFF") {
  const SubstitutionMap map =
      SubstitutionMap::parse("[[substitute]]\nhash = \"" + kHash +
                                 "\"\nprogram = \"a.nasm\"\n"
                                 "[substitute.tensors]\noutput0 = \"c\"\n"
                                 "[[substitute]]\nuuid = \"" +
                                 kUuid + "\"\nname = \"n\"\nprogram = \"/b/../c.toml\"\n",
                             "dir/map.toml");
  REQUIRE(map.entries().size() == 2);
  CHECK(map.entries()[0].hash == kHash);
  CHECK(map.entries()[0].program == "dir/a.nasm");
  CHECK(map.entries()[0].tensors.at("output0") == "c");
  CHECK(map.entries()[0].where.line == 1);
  CHECK(map.entries()[1].uuid == kUuid);
  CHECK(map.entries()[1].name == "n");
  CHECK(map.entries()[1].program == "/c.toml");
  CHECK(SubstitutionMap::parse("", "empty").entries().empty());
}

TEST_CASE("the entry with the hash of a NEFF wins over its uuid, and that over its name") {
  test::NeffFixture fixture = test::increment_neff("trn2", 2);
  const isa::Neff neff = neff_of(fixture);
  const std::string name = "[[substitute]]\nname = \"increment.neff\"\nprogram = \"name\"\n";
  const std::string uuid =
      "[[substitute]]\nuuid = \"" + neff.header.uuid_text() + "\"\nprogram = \"uuid\"\n";
  const std::string hash = "[[substitute]]\nhash = \"" + neff.md5 + "\"\nprogram = \"hash\"\n";
  const std::string other =
      "[[substitute]]\nhash = \"" + kHash + "\"\nname = \"increment.neff\"\nprogram = \"other\"\n";
  const auto program = [&](const std::string& text) {
    const SubstitutionMap map = SubstitutionMap::parse(text, "map.toml");
    const Substitute* entry = map.find(neff);
    return entry == nullptr ? "none" : entry->program;
  };
  CHECK(program(name + uuid + hash + other) == "hash");
  CHECK(program(name + uuid + other) == "uuid");
  CHECK(program(name + other) == "name");
  CHECK(program(other) == "none");
}

TEST_CASE("a wrong map is refused with file, line and what would be right") {
  CHECK_THAT(refusal("[["), Contains("dir/map.toml:1"));
  CHECK_THAT(refusal("[other]\n"), Contains("unknown key 'other'"));
  CHECK_THAT(refusal("substitute = 3\n"), Contains("[[substitute]] entries only"));
  CHECK_THAT(refusal("substitute = [3]\n"), Contains("list of tables"));
  CHECK_THAT(refusal("[[substitute]]\nhash = \"" + kHash + "\"\n"),
             Contains("'program' is missing"));
  CHECK_THAT(refusal("[[substitute]]\nprogram = \"p\"\n"), Contains("a 'hash', a 'uuid' or"));
  CHECK_THAT(refusal("[[substitute]]\nhash = \"12\"\nprogram = \"p\"\n"),
             Contains("dir/map.toml:2") && Contains("32 hexadecimal digits"));
  CHECK_THAT(refusal("[[substitute]]\nuuid = \"12\"\nprogram = \"p\"\n"), Contains("four dashes"));
  CHECK_THAT(refusal("[[substitute]]\nname = \"n\"\nprogam = \"p\"\n"),
             Contains("did you mean 'program'"));
  CHECK_THAT(refusal("[[substitute]]\nname = 3\nprogram = \"p\"\n"), Contains("text in quotes"));
  CHECK_THAT(refusal("[[substitute]]\nname = \"n\"\nprogram = \"p\"\n"
                     "[substitute.tensors]\na = \"x\"\nb = \"x\"\n"),
             Contains("two tensors cannot be \"x\""));
  CHECK_THAT(refusal("[[substitute]]\nname = \"n\"\nprogram = \"p\"\n"
                     "[[substitute]]\nname = \"n\"\nprogram = \"q\"\n"),
             Contains("line 1 has an entry for the same NEFF"));
  std::string dotted = "a";
  for (int i = 0; i < 100; ++i) {
    dotted += ".a";
  }
  CHECK_THAT(refusal(dotted + " = 1\n"), Contains("dots"));
  CHECK_THROWS_AS(SubstitutionMap::load("/nowhere/map.toml"), UserError);
  CHECK_THROWS_AS(SubstitutionMap::load("/"), UserError);
}

TEST_CASE("tensors are paired in the order of the NEFF, renamed where the map says so") {
  const test::NeffFixture fixture = test::increment_neff("trn2", 2);
  const isa::Neff neff = neff_of(fixture);
  const isa::Program program = increment();
  const auto pairs = pair_tensors(neff, program, renaming());
  REQUIRE(pairs.size() == 2);
  CHECK(pairs[0].neff->name == "tokens");
  CHECK(program.tensors[pairs[0].index].name == "x");
  CHECK(program.tensors[pairs[1].index].name == "y");
}

TEST_CASE("extents of 1 make no difference") {
  test::NeffFixture fixture = test::increment_neff("trn2", 2);
  fixture.inputs[0].shape.insert(fixture.inputs[0].shape.begin(), 1);
  CHECK(pair_tensors(neff_of(fixture), increment(), renaming()).size() == 2);
}

TEST_CASE("tensors that do not fit are refused") {
  const test::NeffFixture good = test::increment_neff("trn2", 2);
  Substitute entry = renaming();
  entry.tensors.erase("result");
  CHECK_THAT(mismatch(good, entry), Contains("map.toml:4") && Contains("no output \"result\"") &&
                                        Contains("[substitute.tensors]"));
  entry = renaming();
  entry.tensors["nothing"] = "z";
  CHECK_THAT(mismatch(good, entry), Contains("no input or output \"nothing\""));

  test::NeffFixture other = good;
  other.inputs[0].dtype = "int32";
  CHECK_THAT(mismatch(other, renaming()), Contains("int32 and float32 differ"));
  other.inputs[0].dtype = "int64";
  other.inputs[0].bytes *= 2;
  CHECK_THAT(mismatch(other, renaming()), Contains("no dtype int64"));
  other = good;
  std::swap(other.outputs[0].shape[0], other.outputs[0].shape[1]);
  CHECK_THAT(mismatch(other, renaming()), Contains("[64, 256] and [256, 64] differ"));
  other = good;
  other.inputs[0].bytes += 64;
  CHECK_THAT(mismatch(other, renaming()), Contains("bytes differ"));
  other = good;
  other.inputs.clear();
  entry = renaming();
  entry.tensors.erase("tokens");
  CHECK_THAT(mismatch(other, entry), Contains("input \"x\" of increment.nasm is no tensor"));
}

TEST_CASE("the line that tells how to add an entry has the hash to paste") {
  const isa::Neff neff = neff_of(test::increment_neff("trn2", 2));
  CHECK_THAT(example_entry(neff), Contains("hash = \"" + neff.md5 + "\""));
}
