// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/neff.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>

#include "sim/isa/container.h"
#include "sim/isa/text.h"
#include "tests/support/neff_fixture.h"

using namespace nsim;
using namespace nsim::isa;
using Catch::Matchers::Contains;
using nsim::test::NeffFixture;
using Bytes = std::vector<std::byte>;
using Json = nlohmann::json;

namespace {

Neff read(const Bytes& bytes) {
  return read_neff(bytes.data(), bytes.size());
}

std::string refusal(const Bytes& bytes) {
  try {
    read(bytes);
  } catch (const ContainerError& error) {
    CHECK(error.kind() == ContainerError::Kind::Malformed);
    return error.what();
  }
  FAIL("the file was read");
  return "";
}

/// The fixture with its JSON member `path` changed.
Bytes changed(const std::string& path, const std::function<void(Json&)>& change) {
  const NeffFixture fixture = test::increment_neff("trn2", 2);
  std::vector<ArchiveMember> members = fixture.members();
  for (ArchiveMember& member : members) {
    if (member.path == path) {
      const auto* text = reinterpret_cast<const char*>(member.content.data());
      Json json = Json::parse(text, text + member.content.size());
      change(json);
      member.content = NeffFixture::bytes_of(json);
    }
  }
  return write_neff(fixture.header, write_archive(members));
}

Bytes without(const std::string& path) {
  const NeffFixture fixture = test::increment_neff("trn2", 2);
  std::vector<ArchiveMember> members = fixture.members();
  members.erase(std::remove_if(members.begin(), members.end(),
                               [&](const ArchiveMember& each) { return each.path == path; }),
                members.end());
  return write_neff(fixture.header, write_archive(members));
}

}  // namespace

TEST_CASE("a NEFF tells its tensors, cores and parts") {
  const NeffFixture fixture = test::increment_neff("trn2", 2);
  const Neff neff = read(fixture.file());
  REQUIRE(neff.inputs.size() == 1);
  CHECK(neff.inputs[0].name == "tokens");
  CHECK(neff.inputs[0].dtype == "float32");
  CHECK(neff.inputs[0].shape == fixture.inputs[0].shape);
  CHECK(neff.inputs[0].bytes == fixture.inputs[0].bytes);
  CHECK_FALSE(neff.inputs[0].is_parameter);
  REQUIRE(neff.outputs.size() == 1);  // though each physical core names it
  CHECK(neff.outputs[0].name == "result");
  CHECK(neff.target == "cayman");
  CHECK(neff.core_version == 3);
  CHECK(neff.compiler == "2.99.1.0");
  CHECK(neff.features == std::vector<std::string>{"neff_feature_vnc"});
  CHECK_FALSE(neff.has_collectives());
  REQUIRE(neff.graphs.size() == 2);
  CHECK(neff.graphs[1].definition == "sg01/def.json");
  CHECK(neff.graphs[1].binaries.size() == 5);
  CHECK(neff.graphs[1].constant_bytes == 512);
  CHECK(neff.members.size() == fixture.members().size());
  CHECK(neff.header.cores_per_logical() == 2);
}

TEST_CASE("the hash of a NEFF is the MD5 of its payload with the bytes of each word reversed") {
  Bytes file = test::increment_neff("trn2", 2).file();
  const Neff neff = read(file);
  CHECK(neff.hash_matches());
  CHECK(neff.md5 == payload_md5(file.data() + 1024, file.size() - 1024));
  CHECK(neff.md5.substr(0, 2) == neff.header.hash_text().substr(0, 2));
  // The first byte of the digest is the fourth in the header.
  CHECK(std::stoi(neff.md5.substr(0, 2), nullptr, 16) == static_cast<int>(file[0xAC + 3]));
  file[0xAC] ^= std::byte{1};
  CHECK_FALSE(read(file).hash_matches());
  CHECK(read(file).md5 == neff.md5);
  file[0xAC] ^= std::byte{1};
  file[0xAC + 31] = std::byte{1};  // the half that an MD5 leaves empty
  CHECK_FALSE(read(file).hash_matches());
  CHECK(read(file).header.hash_text().size() == 64);
}

TEST_CASE("a uuid is kept, and made from the payload when there is none") {
  NeffFixture fixture = test::increment_neff("trn2", 2);
  CHECK(read(fixture.file()).header.uuid_text() == read(fixture.file()).header.uuid_text());
  fixture.header.uuid = {0x00, 0xa0, 0x4c, 0x53, 0x5f, 0xd9, 0x4f, 0x07,
                         0xbf, 0xfd, 0xd5, 0xea, 0xcd, 0xef, 0xc8, 0x52};
  CHECK(read(fixture.file()).header.uuid_text() == "00a04c53-5fd9-4f07-bffd-d5eacdefc852");
}

TEST_CASE("shapes come from a tensor map when the graph has none") {
  const Neff neff = read(changed("neff.json", [](Json& json) { json.erase("attrs"); }));
  CHECK(neff.inputs[0].shape == test::increment_neff("trn2", 2).inputs[0].shape);
  CHECK(neff.outputs[0].dtype == "float32");
}

TEST_CASE("a size in the definition may have padding, and counts") {
  const Neff neff =
      read(changed("sg01/def.json", [](Json& json) { json["var"]["tokens"]["size"] = 1 << 20; }));
  CHECK(neff.inputs[0].bytes == 1 << 20);
}

TEST_CASE("streams of collectives or a world of ranks make a NEFF one with collectives") {
  NeffFixture fixture = test::increment_neff("trn2", 2);
  fixture.collective_streams = 1;
  CHECK(read(fixture.file()).has_collectives());
  CHECK(read(changed("sg00/def.json", [](Json& json) {
          json["#rank_world_size"] = 2;
        })).has_collectives());
}

TEST_CASE("dtypes of compilers have their counterpart here, where there is one") {
  CHECK(neff_dtype("float16") == num::Dtype::Fp16);
  CHECK(neff_dtype("float8e4") == num::Dtype::Fp8E4);
  CHECK(neff_dtype("bool") == num::Dtype::Uint8);
  CHECK_FALSE(neff_dtype("int64"));
  CHECK_FALSE(neff_dtype("colour"));
}

TEST_CASE("what is missing in a NEFF is named") {
  for (const char* path : {"neff.json", "info.json", "kelf-0.json", "sg01/def.json"}) {
    CHECK_THAT(refusal(without(path)), Contains(std::string("has no member ") + path));
  }
  CHECK_THAT(refusal(changed("neff.json", [](Json& json) { json.erase("heads"); })),
             Contains("neff.json: has no \"heads\""));
  CHECK_THAT(refusal(changed("kelf-0.json", [](Json& json) { json["graphs"] = 3; })),
             Contains("kelf-0.json: graphs is no list"));
  CHECK_THAT(refusal(changed("neff.json", [](Json& json) { json["arg_nodes"] = {7}; })),
             Contains("neff.json: nodes has 2 elements, element 7 is needed"));
  CHECK_THAT(refusal(changed("neff.json", [](Json& json) { json["nodes"][1].erase("attrs"); })),
             Contains("name no kelf"));
}

TEST_CASE("what contradicts itself in a NEFF is named") {
  CHECK_THAT(refusal(changed("neff.json",
                             [](Json& json) {
                               json["attrs"]["shape"][1][0] = {1 << 20, 64};
                             })),
             Contains("contradict each other: tensor tokens"));
  CHECK_THAT(refusal(changed("neff.json",
                             [](Json& json) {
                               json["attrs"]["shape"][1][0] = {INT64_MAX / 2, INT64_MAX / 2};
                             })),
             Contains("attrs.shape[1][0]"));
  CHECK_THAT(
      refusal(changed("sg00/def.json", [](Json& json) { json["var"]["tokens"]["size"] = -5; })),
      Contains("sg00/def.json: var.tokens.size is not in"));
  CHECK_THAT(refusal(changed("neff.json",
                             [](Json& json) {
                               json["arg_nodes"] = {0, 0};
                             })),
             Contains("has the input tokens twice"));
}

TEST_CASE("members that are no JSON and archives that are none are refused") {
  const NeffFixture fixture = test::increment_neff("trn2", 2);
  std::vector<ArchiveMember> members = fixture.members();
  members.back().content = Bytes(20, std::byte{'['});
  CHECK_THAT(refusal(write_neff(fixture.header, write_archive(members))),
             Contains("member neff.json is no JSON"));
  CHECK_THAT(refusal(write_neff(fixture.header, Bytes(300))), Contains("no gzip'ed tar"));
}

TEST_CASE("every damaged byte of a NEFF is refused or leaves one that can be read") {
  const Bytes good = test::increment_neff("trn2", 2).file();
  for (std::size_t at = 0; at < good.size(); ++at) {
    Bytes bad = good;
    bad[at] ^= std::byte{0x20};
    try {
      read(bad);
    } catch (const ContainerError&) {
    }
  }
  SUCCEED();
}

TEST_CASE("a container of ours is no NEFF of a compiler, and the other way round") {
  const Bytes neff = test::increment_neff("trn2", 2).file();
  CHECK_FALSE(find_program(neff.data(), neff.size()));
  const Program program = parse_text("program p\ntarget trn2\nsync auto\n", "p.nasm");
  const Bytes ours = write_container(program);
  CHECK(find_program(ours.data(), ours.size()));
  CHECK_THROWS_AS(read(ours), ContainerError);
}
