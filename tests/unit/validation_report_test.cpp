// SPDX-License-Identifier: Apache-2.0
#include "tools/validation_report.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace nsim::tool;

namespace {

using State = ValidationResult::State;

ValidationRow row(const std::string& id, double published) {
  ValidationRow result;
  result.id = id;
  result.title = "<" + id + ">";
  result.published = published;
  result.unit = "us";
  result.tolerance = 0.1;
  result.confidence = "measured";
  return result;
}

}  // namespace

TEST_CASE("Errors are relative, and an upper bound that holds has none") {
  ValidationRow figure = row("X", 100);
  ValidationResult result{&figure, State::Run, 112, ""};
  CHECK(result.error() == Approx(0.12));
  CHECK_FALSE(result.passed());
  figure.bound = true;
  result.simulated = 50;
  CHECK(result.error() == 0);
  CHECK(result.passed());
  result.state = State::Failed;
  CHECK_FALSE(result.passed());
}

TEST_CASE("Fitted, checking and weak rows are counted apart, explained ones not at all") {
  ValidationRow fitted = row("F", 100);
  fitted.fitted = {"tensor.latency"};
  ValidationRow inferred = row("S", 100);
  inferred.schedule_from = "S";
  ValidationRow weak = row("W", 100);
  weak.confidence = "weak";
  const ValidationRow a = row("A", 100);
  const ValidationRow b = row("B", 100);
  const ValidationRow c = row("C", 100);
  const ValidationRow explained = row("E", 100);
  const std::vector<ValidationResult> results{{&fitted, State::Run, 100, ""},
                                              {&inferred, State::Run, 110, ""},
                                              {&weak, State::Run, 150, ""},
                                              {&a, State::Run, 102, ""},
                                              {&b, State::Run, 80, ""},
                                              {&c, State::Run, 99, ""},
                                              {&explained, State::Explained, 0, ""}};
  const ValidationTotals all = totals_of(results);
  CHECK(all.fitted.rows == 2);
  CHECK(all.fitted.worst_id == "S");
  CHECK(all.fitted.failed == 0);
  CHECK(all.weak.worst == Approx(0.5));
  CHECK(all.check.rows == 3);
  CHECK(all.check.failed == 1);
  CHECK(all.check.median == Approx(0.02));
  CHECK(all.check.mean == Approx(0.23 / 3));
  CHECK(all.check.worst_id == "B");

  const nlohmann::json json = nlohmann::json::parse(validation_json(results));
  CHECK(json["rows"].size() == 7);
  CHECK(json["rows"][4]["error"].get<double>() == Approx(-0.2));
  CHECK(json["rows"][1]["schedule_from"] == "S");
  CHECK(json["totals"]["check"]["rows"] == 3);
  CHECK_FALSE(json["rows"][6].contains("simulated"));
  CHECK(validation_html(results).find("&lt;E&gt;") != std::string::npos);
  CHECK(validation_html(results).find("Its schedule was read off this figure.") !=
        std::string::npos);
  CHECK(validation_text(results).find("not run") != std::string::npos);
}

TEST_CASE("A run that ended without a result is outside its tolerance and says why") {
  const ValidationRow a = row("A", 100);
  const std::vector<ValidationResult> results{{&a, State::Failed, 0, "no label 'x'"}};
  CHECK(totals_of(results).check.failed == 1);
  CHECK(validation_text(results).find("no label 'x'") != std::string::npos);
  CHECK(nlohmann::json::parse(validation_json(results))["rows"][0]["problem"] == "no label 'x'");
}
