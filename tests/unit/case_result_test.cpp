// SPDX-License-Identifier: Apache-2.0
#include "tools/check/case_result.h"

#include <catch2/catch.hpp>

using namespace nsim::tool;

namespace {

std::vector<CaseResult> results() {
  CaseResult good;
  good.name = "good # one";
  CaseResult bad;
  bad.name = "bad <one>";
  bad.failures = {"expected time < 5: time is \"9\" & more"};
  bad.details = {"log: \x01 gone"};
  bad.seconds = 1.5;
  return {good, bad};
}

}  // namespace

TEST_CASE("results as a TAP stream: a name starts no directive") {
  CHECK(tap_text(results()) ==
        "TAP version 13\n1..2\nok 1 - good   one\nnot ok 2 - bad <one>\n"
        "# expected time < 5: time is \"9\" & more\n# log: \x01 gone\n");
}

TEST_CASE("results as JUnit XML: what XML does not allow is replaced") {
  CheckSuite suite;
  suite.name = "s";
  const std::string xml = junit_text(suite, results());
  CHECK(xml.find("<testsuite name=\"s\" tests=\"2\" failures=\"1\" errors=\"0\">") !=
        std::string::npos);
  CHECK(xml.find("name=\"bad &lt;one&gt;\" time=\"1.500\"") != std::string::npos);
  CHECK(xml.find("message=\"expected time &lt; 5: time is &quot;9&quot; &amp; more\"") !=
        std::string::npos);
  CHECK(xml.find("log: ? gone") != std::string::npos);
}

TEST_CASE("a run that ended otherwise than expected fails with how it ended") {
  CheckCase one;
  one.name = "x";
  CHECK(judge_case(one, "/nowhere", 0, "", nullptr).passed());
  CHECK(judge_case(one, "/nowhere", 3, "the run ended with 3", nullptr).failures.front() ==
        "the run ended with 3");
  one.status = 3;
  CHECK(judge_case(one, "/nowhere", 3, "the run ended with 3", nullptr).passed());
  CHECK(judge_case(one, "/nowhere", 0, "", nullptr).failures.front() ==
        "it ended with 0, expected was 3");
}
