// SPDX-License-Identifier: Apache-2.0
#include "tools/check/suite.h"

#include <catch2/catch.hpp>

using namespace nsim;
using namespace nsim::tool;

namespace {

CheckSuite parse(const std::string& text,
                 const std::map<std::string, std::string>& variables = {}) {
  return parse_check_suite(text, NSIM_SOURCE_DIR "/models/suite.toml", variables);
}

std::string problem(const std::string& text) {
  try {
    parse(text);
  } catch (const UserError& error) {
    const std::string what = error.what();
    return what.substr(what.find("suite.toml"));
  }
  return "";
}

}  // namespace

TEST_CASE("a case takes what it does not say from the defaults") {
  const CheckSuite suite = parse(R"(
[defaults]
config = "trn2"
numerics = "off"
golden = ["time_per_request_ns"]
[[case]]
name = "a case"
program = "gemm_1024.toml"
requests = 4
expect = ["time <= 50us"]
trace = ["count of executions of * exactly 4"]
[[case]]
name = "client"
client = ["${build}/client", "x"]
golden = []
tolerance = 0.01
status = 3
)",
                                 {{"build", "/b"}});
  REQUIRE(suite.cases.size() == 2);
  CHECK(suite.name == "suite");
  CHECK(suite.golden_file == NSIM_SOURCE_DIR "/models/suite.golden.json");
  CHECK(suite.cases[0].folder_name == "01_a_case");
  CHECK(suite.cases[0].golden == std::vector<std::string>{"time_per_request_ns"});
  CHECK(suite.cases[0].arguments("/o") ==
        std::vector<std::string>{"run", NSIM_SOURCE_DIR "/models/gemm_1024.toml", "--config",
                                 "trn2", "--numerics", "off", "--requests", "4", "--out", "/o",
                                 "--quiet"});
  CHECK(suite.cases[1].client.front() == "/b/client");
  CHECK(suite.cases[1].golden.empty());
  CHECK(suite.cases[1].status == 3);
  CHECK(suite.cases[1].arguments("/o") == std::vector<std::string>{"exec", "--config", "trn2",
                                                                   "--out", "/o", "--", "/b/client",
                                                                   "x"});
}

TEST_CASE("what a suite cannot be is refused at its place") {
  CHECK(problem("") == "suite.toml:1:1: 'case' is missing");
  CHECK(problem("[[case]]\nname = \"x\"\n").find("needs a program or a client") !=
        std::string::npos);
  CHECK(problem("[[case]]\nname = \"x\"\nprogam = \"y\"\n").find("did you mean 'program'?") !=
        std::string::npos);
  CHECK(problem("[[case]]\nname = \"x\"\nprogram = \"nix.toml\"\n") ==
        "suite.toml:3:11: there is no program 'nix.toml' beside " NSIM_SOURCE_DIR
        "/models/suite.toml, and none is shipped");
  const std::string one = "[[case]]\nname = \"x\"\nprogram = \"gemm_1024.toml\"\n";
  CHECK(problem(one + one).find("there are two cases 'x'") != std::string::npos);
  CHECK(problem(one + "expect = [\"time <\"]\n").find("suite.toml:4:") == 0);
  CHECK(problem(one + "trace = [\"count of\"]\n").find("suite.toml:4:19: ") == 0);
  CHECK(problem(one + "config = \"trn9\"\n").find("suite.toml:4:10: ") == 0);
  CHECK(problem(one + "requests = \"three\"\n") ==
        "suite.toml:4:12: 'requests' is a whole number from 1 to 1000000, not 'three'");
  CHECK(problem(one + "depth = 0\n").find("'depth' is a whole number from 1 to 1024") !=
        std::string::npos);
  CHECK(problem(one + "transfer = \"both\"\n") ==
        "suite.toml:4:12: 'transfer' is once or each, not 'both'");
  CHECK(problem(one + "reference = \"yes\"\n").find("'reference' is true or false") !=
        std::string::npos);
  CHECK(problem(one + "tolerance = 2\n").find("a number from 0 to 1") != std::string::npos);
  CHECK(problem("[[case]]\nname = \"x\"\nclient = [\"${nix}/c\"]\n").find("--define nix=...") !=
        std::string::npos);
}
