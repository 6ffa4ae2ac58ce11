// SPDX-License-Identifier: Apache-2.0
#include "tools/why/ideal.h"

#include <catch2/catch.hpp>

#include "sim/base/error.h"
#include "tools/device.h"

using namespace nsim::tool;

TEST_CASE(
    "every idealised resource is one that every shipped device has, and its values are legal") {
  for (const std::string device : {"trn1", "inf2", "trn2", "trn3"}) {
    const std::vector<IdealResource> resources =
        ideal_resources(NSIM_SOURCE_DIR "/configs/" + device + ".toml");
    CHECK(resources.size() >= 10);
    for (const IdealResource& resource : resources) {
      INFO(device << " " << resource.name);
      CHECK_FALSE(resource.assignments.empty());
      CHECK_NOTHROW(open_device(device, resource.assignments));
    }
  }
}

TEST_CASE("an ideal bandwidth is the upper end of its range, an ideal latency the lower one") {
  for (const IdealResource& resource : ideal_resources(NSIM_SOURCE_DIR "/configs/trn2.toml")) {
    if (resource.name == "hbm") {
      CHECK(resource.assignments ==
            std::vector<std::string>{"hbm.bandwidth=100TB/s", "hbm.latency=0ns",
                                     "hbm.model=bandwidth", "hbm.turnaround=false"});
      return;
    }
  }
  FAIL("no resource hbm");
}

TEST_CASE("a run is repeated without what it printed, into another directory") {
  RunOutcome run;
  run.arguments = {"m.toml", "--check", "-q", "--requests", "4", "--out", "a", "--record"};
  CHECK(repeat_arguments(run, "b", {"x=1"}, true) ==
        std::vector<std::string>{"run", "m.toml", "--requests", "4", "--out", "a", "--set", "x=1",
                                 "--no-trace", "--quiet", "--record", "--out", "b", "--why"});
}

TEST_CASE("a kernel is repeated without its check, which has a value") {
  RunOutcome run;
  run.command = "nki";
  run.arguments = {"k.py:k", "--check", "x * 2", "--arg", "x=2x2:f32", "--json", "--check=x"};
  CHECK(repeat_arguments(run, "b", {}, true) ==
        std::vector<std::string>{"nki", "k.py:k", "--arg", "x=2x2:f32", "--no-trace", "--quiet",
                                 "--record", "--out", "b"});
}
