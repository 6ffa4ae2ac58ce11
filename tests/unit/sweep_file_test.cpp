// SPDX-License-Identifier: Apache-2.0
#include "tools/sweep/sweep_file.h"

#include <catch2/catch.hpp>

using namespace nsim;
using namespace nsim::tool;

namespace {

std::string problem(const std::string& text) {
  try {
    parse_sweep_file(text, "s.toml");
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

void refuses(const std::string& text, const std::string& expected) {
  const std::string said = problem(text);
  INFO(text << "\n" << said);
  CHECK(said.find(expected) != std::string::npos);
}

std::vector<std::string> texts(const Axis& axis) {
  std::vector<std::string> result;
  for (const AxisValue& value : axis.values) {
    result.push_back(value.text);
  }
  return result;
}

}  // namespace

TEST_CASE("axes are read in the order of the file, whatever their form") {
  const SweepFile file = parse_sweep_file(
      "config = \"trn2\"\n[axes]\nhbm.latency = [\"150ns\", \"100ns\"]\ndepth = 2\n"
      "clock = { set = \"neuron_core.engines.tensor.clock\", from = \"1.2GHz\", to = \"4.8GHz\", "
      "points = 3, scale = \"log\" }\nhbm.stacks = { from = 2, to = 6, step = 2 }\n"
      "[columns]\na = \"depth * 2\"\n",
      "s.toml");
  REQUIRE(file.axes.size() == 4);
  CHECK(file.axes[0].name == "hbm.latency");
  CHECK(texts(file.axes[0]) == std::vector<std::string>{"150ns", "100ns"});
  CHECK(file.axes[0].values[0].value == Value::of(150.0));
  CHECK(file.axes[1].name == "depth");
  CHECK(file.axes[2].targets == std::vector<std::string>{"neuron_core.engines.tensor.clock"});
  CHECK(texts(file.axes[2]) == std::vector<std::string>{"1.2GHz", "2.4GHz", "4.8GHz"});
  CHECK(texts(file.axes[3]) == std::vector<std::string>{"2", "4", "6"});
  CHECK(file.name == "s");
  CHECK(file.columns.at(0).name == "a");
}

TEST_CASE("wrong files are refused with line, column and the nearest name") {
  refuses("axis = 1\n", "s.toml:1:1: unknown key 'axis'; did you mean 'axes'?");
  refuses("name = \"x\"\n", "[axes]");
  refuses("[axes]\ndept = [1]\n", "s.toml:2:1: axis 'dept'");
  refuses("[axes]\ndept = [1]\n", "did you mean 'depth'?");
  refuses("[axes]\ndepth = []\n", "s.toml:2:9: 'depth' has no value");
  refuses("[axes]\ndepth = [1, 2, 1]\n", "s.toml:2:16: axis 'depth' has the value 1 twice");
  refuses("[axes]\ndepth = { form = 1, to = 2 }\n", "did you mean 'from'?");
  refuses("[axes]\ndepth = { from = 3, to = 2, points = 2 }\n", "larger than 'to'");
  refuses("[axes]\nhbm.x = { from = \"1ns\", to = \"1GHz\" }\n", "no two numbers of one unit");
  refuses("[axes]\ndepth = { from = 0, to = 2, scale = \"log\" }\n", "above 0");
  refuses("[axes]\ndepth = { from = 0, to = 2, scale = \"lin\" }\n", "none of linear, log");
  refuses("depth = 1\n[axes]\ndepth = [1]\n", "is an axis and has a fixed value");
  refuses("[axes]\ndepth = [1]\nd = { set = \"depth\", values = [2] }\n", "both set depth");
  refuses(
      "[axes]\ndepth = { values = [1, 2], zip = \"z\" }\ncores = { values = [1], zip = \"z\" }\n",
      "zipped, but have 2 and 1 values");
  refuses("where = \"depth >\"\n[axes]\ndepth = [1]\n", "s.toml:1:17");
  refuses("[axes]\ndepth = [1]\n[sample]\nmethod = \"latin\"\n", "latin_hypercube");
  refuses("[axes]\ndepth = [1]\n[sample]\nmethod = \"random\"\n", "'count' is missing");
  refuses("[axes\n", "s.toml:");
  refuses("[axes]\ndepth = [1979-05-27]\n", "s.toml:2:10");
}
