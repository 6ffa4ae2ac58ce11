// SPDX-License-Identifier: Apache-2.0
#include "sim/base/params.h"

#include <catch2/catch.hpp>
#include <functional>
#include <string>

#include "sim/base/error.h"

using namespace nsim;
using Catch::Matchers::Equals;

namespace {

// What reading from `text` (TOML below [m]) says, or "no error".
std::string error_of(const std::string& text, const std::function<void(ParamScope)>& read) {
  try {
    Config config = Config::parse("[m]\n" + text, "c.toml");
    read(ParamScope(config, "m"));
  } catch (const UserError& error) {
    return error.what();
  }
  return "no error";
}

void read_rate(ParamScope scope) {
  scope.rate("x", "410GB/s", "1MB/s", "100TB/s", "Rate");
}
void read_cycles(ParamScope scope) {
  scope.cycles("x", 64, 1, 100, "Cycles");
}
void read_count(ParamScope scope) {
  scope.count("x", 2, 1, 16, "Count");
}
void read_ratio(ParamScope scope) {
  scope.ratio("x", 0.5, 0, 1, "Ratio");
}
void read_flag(ParamScope scope) {
  scope.flag("x", true, "Flag");
}
void read_choice(ParamScope scope) {
  scope.choice("x", "free", {"free", "step"}, "Choice");
}
void read_text(ParamScope scope) {
  scope.text("x", "", "Text");
}

}  // namespace

TEST_CASE("values come out in base units", "[params]") {
  Config config = Config::parse(R"(
bytes = "64KiB"
rate = "2.9TB/s"
frequency = "1.4GHz"
duration = "600ns"
cycles = 64
more_cycles = "65cycles"
count = 8
ratio = 0.25
percent = "25%"
whole = 1
tiny = 1e-9
flag = false
choice = "step"
text = "any"
)",
                                "c.toml");
  const ParamScope scope(config, "");
  CHECK(scope.bytes("bytes", "1B", "0B", "1TiB", "") == 65536);
  CHECK(scope.rate("rate", "1B/s", "1B/s", "10TB/s", "") == 2'900'000'000'000);
  CHECK(scope.frequency("frequency", "1Hz", "1Hz", "10GHz", "") == 1'400'000'000);
  CHECK(scope.duration("duration", "1ns", "0ps", "1s", "") == 600'000);
  CHECK(scope.cycles("cycles", 1, 0, 100, "") == 64);
  CHECK(scope.cycles("more_cycles", 1, 0, 100, "") == 65);
  CHECK(scope.count("count", 1, 0, 100, "") == 8);
  CHECK(scope.ratio("ratio", 1, 0, 1, "") == 0.25);
  CHECK(scope.ratio("percent", 1, 0, 1, "") == 0.25);
  CHECK(scope.ratio("whole", 0, 0, 1, "") == 1.0);
  CHECK(scope.ratio("tiny", 0, 0, 1, "") == 1e-9);
  CHECK(scope.flag("flag", true, "") == false);
  CHECK(scope.choice("choice", "free", {"free", "step"}, "") == "step");
  CHECK(scope.text("text", "", "") == "any");
  CHECK_NOTHROW(config.finish());
}

TEST_CASE("defaults stand when nothing is said", "[params]") {
  Config config;
  const ParamScope scope = ParamScope(config, "a").table("b");
  CHECK(scope.bytes("bytes", "64KiB", "0B", "1TiB", "") == 65536);
  CHECK(scope.ratio("ratio", 1.0 / 3, 0, 1, "") == Approx(1.0 / 3));
  CHECK(scope.flag("flag", true, "") == true);
  CHECK(scope.choice("choice", "free", {"free", "step"}, "") == "free");
  CHECK(scope.text("text", "x", "") == "x");
  CHECK(config.params()[0].path == "a.b.bytes");
}

TEST_CASE("a wrong value is refused with place, key and what would be right", "[params]") {
  CHECK_THAT(error_of("x = 410", read_rate),
             Equals("c.toml:2: m.x: 410 has no unit; write for example \"410GB/s\""));
  CHECK_THAT(error_of("x = \"410GiB\"", read_rate),
             Equals("c.toml:2: m.x: \"410GiB\" is no rate; write for example 410GB/s (units: B/s, "
                    "kB/s, MB/s, GB/s, TB/s, KiB/s, MiB/s, GiB/s)"));
  CHECK_THAT(error_of("x = \"1B/s\"", read_rate),
             Equals("c.toml:2: m.x: 1B/s is out of range; allowed is 1MB/s .. 100TB/s"));
  CHECK_THAT(error_of("x = true", read_rate),
             Equals("c.toml:2: m.x: \"true\" is no rate; write for example 410GB/s (units: B/s, "
                    "kB/s, MB/s, GB/s, TB/s, KiB/s, MiB/s, GiB/s)"));
  CHECK_THAT(error_of("x = 101", read_cycles),
             Equals("c.toml:2: m.x: 101 is out of range; allowed is 1 .. 100"));
  CHECK_THAT(error_of("x = \"64ns\"", read_cycles),
             Equals("c.toml:2: m.x: \"64ns\" is no cycles; write for example 64 (units: cycles)"));
  CHECK_THAT(error_of("x = -1", read_count),
             Equals("c.toml:2: m.x: \"-1\" is no count; write for example 2"));
  CHECK_THAT(error_of("x = 1.5", read_count),
             Equals("c.toml:2: m.x: \"1.5\" is no count; write for example 2"));
  CHECK_THAT(error_of("x = \"4\"", read_count),
             Equals("c.toml:2: m.x: a count stands without quotes"));
  CHECK_THAT(error_of("x = 1.5", read_ratio),
             Equals("c.toml:2: m.x: 1.5 is out of range; allowed is 0 .. 1"));
  CHECK_THAT(error_of("x = nan", read_ratio),
             Equals("c.toml:2: m.x: \"nan\" is no ratio; write for example 0.5 (units: %)"));
  CHECK_THAT(error_of("x = \"true\"", read_flag),
             Equals("c.toml:2: m.x: a flag stands without quotes"));
  CHECK_THAT(error_of("x = 1", read_flag),
             Equals("c.toml:2: m.x: \"1\" is no flag; write true or false"));
  CHECK_THAT(error_of("x = \"stop\"", read_choice),
             Equals("c.toml:2: m.x: \"stop\" is none of free, step; did you mean \"step\"?"));
  CHECK_THAT(error_of("x = 7", read_text), Equals("c.toml:2: m.x: 7 is no text; write \"7\""));
}

TEST_CASE("the command line may write every kind without quotes", "[params]") {
  Config config;
  for (const char* assignment : {"rate=1GB/s", "count=3", "flag=false", "text=7", "choice=step"}) {
    config.set(assignment);
  }
  const ParamScope scope(config, "");
  CHECK(scope.rate("rate", "410GB/s", "1MB/s", "100TB/s", "") == 1'000'000'000);
  CHECK(scope.count("count", 1, 0, 9, "") == 3);
  CHECK(scope.flag("flag", true, "") == false);
  CHECK(scope.text("text", "", "") == "7");
  CHECK(scope.choice("choice", "free", {"free", "step"}, "") == "step");
}

TEST_CASE("an unused table below a scope is found by finish", "[params]") {
  Config config = Config::parse("[m.y]\nx = 1\n", "c.toml");
  read_count(ParamScope(config, "m"));
  CHECK_THROWS_WITH(config.finish(), "c.toml:2: unknown key \"m.y.x\"; did you mean \"m.x\"?");
}

TEST_CASE("everything about a parameter is recorded", "[params]") {
  Config config = Config::parse("m.x = {value = \"0.41TB/s\", source = \"derived: y\"}", "c.toml");
  read_rate(ParamScope(config, "m"));
  REQUIRE(config.params().size() == 1);
  const ParamInfo& info = config.params()[0];
  CHECK(info.path == "m.x");
  CHECK(info.kind == "rate");
  CHECK(info.default_value == "410GB/s");
  CHECK(info.range == "1MB/s .. 100TB/s");
  CHECK(info.description == "Rate");
  CHECK(info.value == "410GB/s");
  CHECK(info.origin == "c.toml:1");
  CHECK(info.source == "derived: y");
}

TEST_CASE("a declaration that contradicts itself is our bug", "[params]") {
  Config config;
  const ParamScope scope(config, "");
  CHECK_THROWS_AS(scope.bytes("a", "64", "0B", "1KiB", ""), InternalError);
  CHECK_THROWS_AS(scope.bytes("b", "2KiB", "0B", "1KiB", ""), InternalError);
  CHECK_THROWS_AS(scope.count("c", -1, -1, 1, ""), InternalError);
  CHECK_THROWS_AS(scope.choice("d", "x", {"y"}, ""), InternalError);
}

TEST_CASE("a default has the source it is declared with, a given value its own", "[params]") {
  Config config =
      Config::parse("given = 3\nsourced = {value = 3, source = \"derived: here\"}", "c");
  const ParamScope scope = ParamScope(config, "").from("assumed: there");
  for (const char* name : {"left", "given", "sourced"}) {
    scope.count(name, 2, 1, 16, "Count");
  }
  ParamScope(config, "").count("plain", 2, 1, 16, "Count");
  CHECK(config.params()[0].source == "assumed: there");
  CHECK(config.params()[1].source.empty());
  CHECK(config.params()[2].source == "derived: here");
  CHECK(config.params()[3].source.empty());
}
