// SPDX-License-Identifier: Apache-2.0
// nsim check: suites as their users run them.
#include <catch2/catch.hpp>

#include "tests/tools/nsim_process.h"

using namespace nsim::test;

namespace {

std::string suite(const ScratchFolder& scratch, const std::string& cases) {
  return scratch.write("s.toml", R"(
[defaults]
config = "trn2"
numerics = "off"
)" + cases);
}

constexpr const char* kGolden = R"(
[[case]]
name = "gemm"
program = "models/gemm_1024.toml"
golden = ["time_per_request_ns", "executions"]
)";

Outcome check(const ScratchFolder& scratch, const std::string& file, const std::string& more = "") {
  return shell("%N check " + file + " --out " + (scratch / "out") + " " + more);
}

}  // namespace

TEST_CASE("a suite whose expectations hold passes, and says so in TAP and JUnit too") {
  const ScratchFolder scratch;
  const std::string file = suite(scratch, R"(
[[case]]
name = "three in flight"
program = "models/gemm_1024.toml"
requests = 6
depth = 3
transfer = "each"
expect = ["executions == 6", "time < 100us and units.nc0.compute.q0.failed == 0"]
trace = [
  "every completion of nc0.compute.q0 follows its data",
  "every start of nc0.compute.q0 follows completion of nc0.tensor_write.q0",
  "never more than 3 requests of nc0.compute.q0 in flight",
  "count of slices of Tensor(nc0) named nc_matmul at least 1",
]
[[case]]
name = "wrong input"
program = "models/gemm_1024.toml"
set = ["no.such=1"]
status = 2
)");
  const Outcome outcome =
      check(scratch, file, "-j2 --tap " + (scratch / "t") + " --junit " + (scratch / "j"));
  INFO(outcome.text);
  CHECK(outcome.exit_code == 0);
  CHECK(contents(scratch / "t") ==
        "TAP version 13\n1..2\nok 1 - three in flight\nok 2 - wrong input\n");
  CHECK(contents(scratch / "j").find("tests=\"2\" failures=\"0\"") != std::string::npos);
}

TEST_CASE("what does not hold is told with what was found") {
  const ScratchFolder scratch;
  const std::string file = suite(scratch, R"(
[[case]]
name = "too much"
program = "models/mini_lm.toml"
requests = 4
depth = 2
expect = ["executions == 5", "tme < 1us"]
trace = ["never more than 1 requests of nc0.compute.q0 in flight", "count of slices of nix exactly 1"]
[[case]]
name = "fails"
program = "models/mini_lm.toml"
set = ["no.such=1"]
)");
  const Outcome outcome = check(scratch, file);
  INFO(outcome.text);
  CHECK(outcome.exit_code == 1);
  for (const char* part :
       {"expected executions == 5: executions is 4", "expected tme < 1us: ", "in flight: 2 from ",
        "exactly 1: 0: the run has nothing that matches 'nix'; there are ", "Tensor(nc*), ",
        "did you mean 'time'?", "the run ended with 2", "log: error: ", "2 cases, 2 failed"}) {
    CHECK(outcome.text.find(part) != std::string::npos);
  }
}

TEST_CASE(
    "a changed cost fails the suite, names engine and instruction, and passes after --update") {
  const ScratchFolder scratch;
  const std::string file = suite(scratch, kGolden);
  CHECK(check(scratch, file).text.find("nothing is recorded yet") != std::string::npos);
  const Outcome recorded = check(scratch, file, "--update");
  CHECK(recorded.exit_code == 0);
  CHECK(recorded.text.find("gemm: time_per_request_ns is ") != std::string::npos);
  CHECK(check(scratch, file).exit_code == 0);

  suite(scratch,
        std::string(kGolden) + "set = [\"neuron_core.engines.vector.access_setup=400\"]\n");
  const Outcome changed = check(scratch, file);
  INFO(changed.text);
  CHECK(changed.exit_code == 1);
  const std::size_t first = changed.text.find("golden time_per_request_ns: ");
  REQUIRE(first != std::string::npos);
  const std::string details = changed.text.substr(changed.text.find('\n', first) + 1);
  CHECK(details.substr(0, details.find('\n')).find("  vector tensor_tensor: ") !=
        std::string::npos);

  const Outcome updated = check(scratch, file, "--update");
  CHECK(updated.text.find("gemm: time_per_request_ns ") != std::string::npos);
  CHECK(updated.text.find(" -> ") != std::string::npos);
  CHECK(check(scratch, file).exit_code == 0);
}

TEST_CASE("within its tolerance a change passes") {
  const ScratchFolder scratch;
  const std::string file = suite(scratch, kGolden);
  REQUIRE(check(scratch, file, "--update").exit_code == 0);
  const std::string slower = "set = [\"hbm.latency=160ns\"]\n";
  suite(scratch, kGolden + slower);
  CHECK(check(scratch, file).exit_code == 1);
  suite(scratch, kGolden + slower + "tolerance = 0.05\n");
  CHECK(check(scratch, file).exit_code == 0);
}

TEST_CASE("an application is a case like any other, until its time is over") {
  const ScratchFolder scratch;
  const std::string file = suite(scratch, R"(
[[case]]
name = "says no"
client = ["${shell}", "-c", "test $ANSWER = 42 || exit 4"]
environment = { ANSWER = "41" }
status = 4
[[case]]
name = "sleeps"
client = ["${shell}", "-c", "sleep 60"]
timeout = 1
)");
  CHECK(check(scratch, file).exit_code == 2);
  const Outcome outcome = check(scratch, file, "--define shell=/bin/sh");
  INFO(outcome.text);
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.text.find("ok     says no") != std::string::npos);
  CHECK(outcome.text.find("it did not end within 1 s") != std::string::npos);
}
