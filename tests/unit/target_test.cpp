// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/target.h"

#include <catch2/catch.hpp>

using namespace nsim::isa;

TEST_CASE("every target has the cores of one generation; unknown ones have none") {
  CHECK(core_version("inf2") == 2);
  CHECK(core_version("trn1") == core_version("inf2"));
  CHECK(core_version("trn2") == 3);
  CHECK(core_version("trn3") == 4);
  CHECK(core_version("trn") == 0);
  CHECK(core_version("") == 0);
}

TEST_CASE("a generation is named with its targets") {
  CHECK(core_name(2) == "NeuronCore-v2 (inf2, trn1)");
  CHECK(core_name(4) == "NeuronCore-v4 (trn3)");
}
