// SPDX-License-Identifier: Apache-2.0
#include "runtime/neff_loader.h"

#include <catch2/catch.hpp>

#include "runtime/status.h"
#include "tests/support/neff_fixture.h"

using namespace nsim;
using namespace nsim::rt;
using Catch::Matchers::Contains;

namespace {

isa::Neff neff_of(const test::NeffFixture& fixture) {
  const std::vector<std::byte> bytes = fixture.file();
  return isa::read_neff(bytes.data(), bytes.size());
}

NeffSite trn2() {
  NeffSite site;
  site.limits.target = "trn2";
  site.limits.cores_per_logical = 2;
  site.visible_cores = 4;
  return site;
}

struct Refusal {
  NRT_STATUS status = NRT_SUCCESS;
  std::string message;
};

template <class Call>
Refusal refusal(Call call) {
  try {
    call();
  } catch (const StatusError& error) {
    return {error.status(), error.what()};
  }
  return {};
}

Refusal checked(const test::NeffFixture& fixture, const NeffSite& site) {
  return refusal([&] { check_neff(neff_of(fixture), site); });
}

}  // namespace

TEST_CASE("a NEFF for the device at hand passes") {
  CHECK(checked(test::increment_neff("trn2", 2), trn2()).status == NRT_SUCCESS);
}

TEST_CASE("a NEFF of another architecture is not supported, an older one on request") {
  const test::NeffFixture older = test::increment_neff("trn1", 2);
  const Refusal first = checked(older, trn2());
  CHECK(first.status == NRT_UNSUPPORTED_NEFF_VERSION);
  CHECK_THAT(first.message, Contains("NeuronCore-v2") && Contains("NEURON_RT_ALLOW_LEGACY_NEFF"));
  NeffSite legacy = trn2();
  legacy.allow_legacy = true;
  CHECK(checked(older, legacy).status == NRT_SUCCESS);
  CHECK(checked(test::increment_neff("trn3", 2), legacy).status == NRT_UNSUPPORTED_NEFF_VERSION);
  test::NeffFixture unknown = test::increment_neff("trn2", 2);
  unknown.target = "somewhere";
  CHECK(checked(unknown, legacy).status == NRT_UNSUPPORTED_NEFF_VERSION);
}

TEST_CASE("a NEFF for another number of physical cores per logical core is invalid") {
  const Refusal refused = checked(test::increment_neff("trn2", 1), trn2());
  CHECK(refused.status == NRT_INVALID);
  CHECK_THAT(refused.message, Contains("NEURON_LOGICAL_NC_CONFIG is 2"));
}

TEST_CASE("a NEFF that wants more cores than there are gets none") {
  test::NeffFixture wide = test::increment_neff("trn2", 2);
  wide.header.requested_tpb_count = 5;
  CHECK(checked(wide, trn2()).status == NRT_LOAD_NOT_ENOUGH_NC);
  wide.header.requested_tpb_count = 4;
  CHECK(checked(wide, trn2()).status == NRT_UNSUPPORTED_NEFF_VERSION);
}

TEST_CASE("a NEFF with collectives is loaded by nrt_load_collectives alone") {
  test::NeffFixture collective = test::increment_neff("trn2", 2);
  collective.collective_streams = 2;
  CHECK(checked(collective, trn2()).status == NRT_INVALID);
  NeffSite site = trn2();
  site.collectives = true;
  CHECK(checked(collective, site).status == NRT_SUCCESS);
}

TEST_CASE("without an entry a NEFF is not supported, and the message has its hash") {
  const isa::Neff neff = neff_of(test::increment_neff("trn2", 2));
  const Refusal refused = refusal([&] { substitute(neff, SubstitutionMap(), trn2()); });
  CHECK(refused.status == NRT_UNSUPPORTED_NEFF_VERSION);
  CHECK_THAT(refused.message, Contains("NSIM_SUBSTITUTE") && Contains(neff.md5));
}

TEST_CASE("a program that cannot be read is the map's mistake") {
  const isa::Neff neff = neff_of(test::increment_neff("trn2", 2));
  const SubstitutionMap map = SubstitutionMap::parse(
      "[[substitute]]\nhash = \"" + neff.md5 + "\"\nprogram = \"/nowhere.nasm\"\n", "map.toml");
  const Refusal refused = refusal([&] { substitute(neff, map, trn2()); });
  CHECK(refused.status == NRT_INVALID);
  CHECK_THAT(refused.message, Contains("/nowhere.nasm"));
}
