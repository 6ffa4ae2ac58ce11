// SPDX-License-Identifier: Apache-2.0
// Program text, container and model files through the command line.
#include <catch2/catch.hpp>

#include "tests/tools/nsim_process.h"

using namespace nsim::test;

namespace {

std::string good(const std::string& command) {
  const Outcome outcome = shell("%N " + command);
  INFO(command << "\n" << outcome.text);
  REQUIRE(outcome.exit_code == 0);
  return outcome.text;
}

}  // namespace

TEST_CASE("assembling, disassembling and assembling again gives the same container") {
  const ScratchFolder scratch;
  for (const char* name : {"vector_add", "semaphores"}) {
    const std::string container = scratch / "a.neff";
    good(std::string("asm %S/models/") + name + ".nasm -o " + container);
    good("disasm " + container + " -o " + (scratch / "a.nasm"));
    good("asm " + (scratch / "a.nasm") + " -o " + (scratch / "b.neff"));
    REQUIRE(contents(container) == contents(scratch / "b.neff"));
    good("run " + container);
  }
}

TEST_CASE("a packed model runs as long as the model itself") {
  const ScratchFolder scratch;
  good("pack %S/models/mini_lm.toml --config trn2 -o " + (scratch / "m.neff"));
  good("run %S/models/mini_lm.toml --config trn2 --no-trace --out " + (scratch / "a"));
  good("run " + (scratch / "m.neff") + " --no-trace --out " + (scratch / "b"));
  REQUIRE(summary_of(scratch / "a").at("requests") == summary_of(scratch / "b").at("requests"));
}

TEST_CASE("the streams of a program show the semaphores that sync auto inserted") {
  REQUIRE(good("disasm %S/models/vector_add.nasm --streams").find("wait") != std::string::npos);
}

TEST_CASE("a parameter is explained with value, origin, source, range and meaning") {
  const std::string text = good("params --config trn2 --explain clock.submit_cost");
  for (const char* word : {"clock.submit_cost", "value", "origin", "source", "range", "default"}) {
    REQUIRE(text.find(word) != std::string::npos);
  }
  REQUIRE(good("topology --config trn2").find("logical core 3") != std::string::npos);
}
