// SPDX-License-Identifier: Apache-2.0
#include "sim/base/config.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include "sim/base/error.h"
#include "sim/base/params.h"
#include "tests/support/scratch_folder.h"

using namespace nsim;
using Catch::Matchers::Contains;
using Catch::Matchers::Equals;

namespace {

std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const UserError& error) {
    return error.what();
  }
  return "no error";
}

std::string parse_error(const std::string& text) {
  return error_of([&text] { Config::parse(text, "c.toml"); });
}

}  // namespace

TEST_CASE("scalars of every type are taken as text with their line", "[config]") {
  Config config = Config::parse(R"(
seed = 7
[device.hbm]
bandwidth = "410GB/s"
share = 0.5
refresh = false
)",
                                "c.toml");
  const Config::Value* seed = config.take("seed");
  REQUIRE(seed != nullptr);
  CHECK(seed->text == "7");
  CHECK_FALSE(seed->is_string);
  CHECK(seed->origin == "c.toml:2");
  CHECK(seed->source.empty());
  const Config::Value* bandwidth = config.take("device.hbm.bandwidth");
  REQUIRE(bandwidth != nullptr);
  CHECK(bandwidth->text == "410GB/s");
  CHECK(bandwidth->is_string);
  CHECK(bandwidth->origin == "c.toml:4");
  CHECK(config.take("device.hbm.share")->text == "0.5");
  CHECK(config.take("device.hbm.refresh")->text == "false");
  CHECK(config.take("device.hbm") == nullptr);
}

TEST_CASE("a value may stand in a table with its source", "[config]") {
  Config config = Config::parse(R"(
a = {value = "1ns", source = "documented: page 3"}
[b]
value = 2
)",
                                "c.toml");
  CHECK(config.take("a")->text == "1ns");
  CHECK(config.take("a")->source == "documented: page 3");
  CHECK(config.take("b")->text == "2");
}

TEST_CASE("a syntax error names file, line and column", "[config]") {
  CHECK_THAT(parse_error("a = 1\nb = = 2\n"), Contains("c.toml:2:5: "));
  CHECK_THAT(parse_error("a = 1\na = 2\n"), Contains("c.toml:2:"));
  CHECK_THAT(parse_error("[/"), Contains("c.toml:1:2: "));
}

TEST_CASE("what no parameter can have is refused where it stands", "[config]") {
  CHECK_THAT(parse_error("a = [1, 2]"), Contains("c.toml:1:5: a: arrays and dates"));
  CHECK_THAT(parse_error("[a]\n[[a.b]]\nc = 1"), Contains("a.b: arrays and dates"));
  CHECK_THAT(parse_error("a = 2026-01-01"), Contains("a: arrays and dates"));
  CHECK_THAT(parse_error("a = {value = 1, sauce = \"x\"}"), Contains("a: \"sauce\" beside"));
  CHECK_THAT(parse_error("a = {value = 1, source = 2}"), Contains("\"source\" must be a text"));
  CHECK_THAT(parse_error("\"a b\" = 1"), Contains("a key may have"));
  CHECK_THAT(parse_error("\"a.b\" = 1"), Contains("a key may have"));
  CHECK_THAT(parse_error("a = {value = {value = 1}}"), Contains("a.value: arrays and dates"));
}

TEST_CASE("tables may not be nested without end", "[config]") {
  std::string deep = "a";
  for (int i = 0; i < 20; ++i) {
    deep += ".a";
  }
  CHECK_THAT(parse_error(deep + " = 1"), Contains("nested deeper"));
  for (int i = 0; i < 100000; ++i) {
    deep += ".a";
  }
  CHECK_THAT(parse_error("\n[" + deep + "]"), Contains("c.toml:2: more than 64 dots"));
  CHECK_THAT(parse_error("# " + std::string(200, '.')), Equals("no error"));
}

TEST_CASE("the extending file wins, key by key", "[config]") {
  const test::ScratchFolder folder;
  folder.write("base.toml", "[m]\na = 1\nb = {value = 2, source = \"derived: x\"}\nc = 3\n");
  folder.write("sub/middle.toml", "extends = \"../base.toml\"\nm.b = 20\n");
  const std::string top = folder.write("top.toml", "extends = \"sub/middle.toml\"\nm.c = 30\n");
  Config config = Config::load(top);
  CHECK(config.take("m.a")->text == "1");
  CHECK_THAT(config.take("m.a")->origin, Contains("base.toml:2"));
  CHECK(config.take("m.b")->text == "20");
  CHECK(config.take("m.b")->source.empty());  // the source of another number
  CHECK_THAT(config.take("m.b")->origin, Contains("middle.toml:2"));
  CHECK(config.take("m.c")->text == "30");
  CHECK_NOTHROW(config.finish());
}

TEST_CASE("files that extend each other in a circle are refused", "[config]") {
  const test::ScratchFolder folder;
  const std::string a = folder.write("a.toml", "extends = \"b.toml\"\n");
  folder.write("b.toml", "extends = \"./a.toml\"\n");
  CHECK_THAT(error_of([&a] { Config::load(a); }),
             Contains("b.toml:1: extends: ") && Contains("extends itself"));
}

TEST_CASE("a file that cannot be read is named with who wanted it", "[config]") {
  const test::ScratchFolder folder;
  CHECK_THAT(error_of([] { Config::load("/nowhere/x.toml"); }),
             Contains("cannot read \"/nowhere/x.toml\""));
  CHECK_THAT(error_of([] { Config::load("/tmp"); }), Contains("cannot read \"/tmp\""));
  CHECK_THAT(error_of([] { Config::parse("\nextends = \"x.toml\"", "c.toml", "/nowhere"); }),
             Contains("c.toml:2: extends: cannot read \"/nowhere/x.toml\""));
  CHECK_THAT(parse_error("extends = 3"), Contains("c.toml:1: extends: write the name"));
}

TEST_CASE("an assignment of the command line wins over files", "[config]") {
  Config config = Config::parse("a.b = {value = 1, source = \"assumed: x\"}", "c.toml");
  config.set("a.b=2");
  config.set("a.text=x=y z");
  config.set("a.empty=");
  CHECK(config.take("a.b")->text == "2");
  CHECK(config.take("a.b")->origin == "--set");
  CHECK(config.take("a.b")->source.empty());
  CHECK(config.take("a.text")->text == "x=y z");
  CHECK(config.take("a.empty")->text.empty());
}

TEST_CASE("an assignment needs a path and an equals sign", "[config]") {
  for (const char* wrong : {"a", "", "=1", "a.=1", ".a=1", "a..b=1", "a b=1"}) {
    CAPTURE(wrong);
    CHECK_THAT(error_of([wrong] { Config().set(wrong); }), Contains("--set "));
  }
}

TEST_CASE("a key that nobody used is refused with the nearest name", "[config]") {
  Config config = Config::parse("\n[hbm]\nbandwith = \"1GB/s\"\n", "c.toml");
  config.take("hbm.bandwidth");
  config.take("hbm.stacks");
  CHECK_THAT(error_of([&config] { config.finish(); }),
             Equals("c.toml:3: unknown key \"hbm.bandwith\"; did you mean \"hbm.bandwidth\"?"));
}

TEST_CASE("the end of a path is refused with the whole paths", "[config]") {
  Config config = Config::parse("", "c.toml");
  config.take("core.vector.clock");
  config.take("core.scalar.clock");
  config.take("core.vector.latency");
  config.set("vector.clock=1GHz");
  CHECK_THAT(error_of([&config] { config.finish(); }),
             Equals("--set: unknown key \"vector.clock\"; write the whole path: "
                    "\"core.vector.clock\""));
  Config other = Config::parse("clock = 3", "c.toml");
  other.take("core.vector.clock");
  other.take("core.scalar.clock");
  CHECK_THAT(error_of([&other] { other.finish(); }),
             Equals("c.toml:1: unknown key \"clock\"; write the whole path: "
                    "\"core.scalar.clock\" or \"core.vector.clock\""));
}

TEST_CASE("a key that resembles nothing is refused without a guess", "[config]") {
  Config config;
  config.set("q=1");
  CHECK_THAT(error_of([&config] { config.finish(); }), Equals("--set: unknown key \"q\""));
}

namespace {

// One parameter of each kind.
void declare(Config& config) {
  const ParamScope root(config, "");
  const ParamScope hbm = root.table("device").table("hbm");
  root.count("seed", 1, 0, INT64_MAX, "Seed");
  hbm.bytes("capacity", "16GiB", "1B", "1TiB", "Capacity");
  hbm.rate("bandwidth", "410GB/s", "1MB/s", "100TB/s", "Bandwidth");
  hbm.frequency("clock", "1.4GHz", "1MHz", "10GHz", "Clock");
  hbm.duration("latency", "100ns", "0ps", "1ms", "Latency");
  hbm.cycles("turn", 64, 0, 1000, "Turn");
  hbm.ratio("efficiency", 0.0000001, 0, 1, "Efficiency");
  hbm.flag("refresh", true, "Refresh");
  hbm.choice("model", "banked", {"banked", "bandwidth"}, "Model");
  root.table("device").text("name", "", "Name");
  config.finish();
}

}  // namespace

TEST_CASE("the resolved configuration reads back to the same values", "[config]") {
  Config first = Config::parse(R"(
device.name = "a \"quoted\" \\ name,\nü \u0001"
[device.hbm]
bandwidth = {value = "0.41TB/s", source = "documented: \"page\" 3"}
efficiency = 0.333
refresh = false
)",
                               "c.toml");
  first.set("device.hbm.turn=7cycles");
  declare(first);
  const std::string text = first.resolved_toml();
  CAPTURE(text);
  CHECK_THAT(text, Contains("bandwidth = {value = \"410GB/s\", source = ") &&
                       Contains("[device.hbm]\n") && Contains("seed = 1\n") &&
                       Contains("turn = 7\n") && Contains("refresh = false\n"));
  Config second = Config::parse(text, "resolved.toml");
  declare(second);
  REQUIRE(second.params().size() == first.params().size());
  for (std::size_t i = 0; i < first.params().size(); ++i) {
    CAPTURE(first.params()[i].path);
    CHECK(second.params()[i].path == first.params()[i].path);
    CHECK(second.params()[i].value == first.params()[i].value);
    CHECK(second.params()[i].source == first.params()[i].source);
    CHECK_THAT(second.params()[i].origin, Contains("resolved.toml:"));
  }
  CHECK(second.resolved_toml() == text);
}

TEST_CASE("an empty configuration has every parameter at its default", "[config]") {
  Config config;
  declare(config);
  for (const ParamInfo& info : config.params()) {
    CHECK(info.origin == "default");
    CHECK(info.value == info.default_value);
  }
}

TEST_CASE("a parameter that is used twice is listed once", "[config]") {
  Config config;
  declare(config);
  const std::size_t count = config.params().size();
  declare(config);
  CHECK(config.params().size() == count);
  CHECK_THROWS_AS(ParamScope(config, "").count("seed", 2, 0, 9, "Seed"), InternalError);
}

TEST_CASE("lists of tables at the top are taken as a whole, the base's first", "[config]") {
  const test::ScratchFolder folder;
  folder.write("base.toml", "[[fault]]\npoint = \"a\"\n");
  Config config = Config::load(
      folder.write("top.toml", "extends = \"base.toml\"\n[[fault]]\npoint = \"b\"\nhit = 2\n"));
  Config more = Config::parse("[[fault]]\npoint = \"c\"\n", "more.toml");
  config.merge(std::move(more));
  const std::vector<Config::Entry>& list = config.take_list("fault");
  REQUIRE(list.size() == 3);
  CHECK(list[0].values.at("point").text == "a");
  CHECK(list[1].values.at("hit").text == "2");
  CHECK_THAT(list[1].values.at("hit").origin, Contains("top.toml:4"));
  CHECK(list[2].origin == "more.toml:1");
  config.finish();
  Config again = Config::parse(config.resolved_toml(), "resolved.toml");
  CHECK(again.take_list("fault").size() == 3);
}

TEST_CASE("a list that nobody takes is refused with the nearest name", "[config]") {
  Config config = Config::parse("[[falt]]\npoint = \"a\"\n", "c.toml");
  config.take_list("fault");
  CHECK_THAT(error_of([&] { config.finish(); }),
             Equals("c.toml:1: unknown list \"falt\"; did you mean \"fault\"?"));
}
