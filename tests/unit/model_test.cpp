// SPDX-License-Identifier: Apache-2.0
#include "models/model.h"

#include <catch2/catch.hpp>

namespace {

using namespace nsim;

const std::string kHeader = "name = \"m\"\ntolerance = 0.01\noutputs = [\"y\"]\n";

std::string tensor(const std::string& table, const std::string& name, const std::string& rest) {
  return "[[" + table + "]]\nname = \"" + name + "\"\n" + rest;
}
const std::string kPlain = "dtype = \"float32\"\nshape = [4, 8]\ninit = { normal = 1.0 }\n";

std::string op(const std::string& kind, const std::string& rest) {
  return "[[operator]]\nname = \"op\"\nkind = \"" + kind + "\"\noutput = \"y\"\n" + rest;
}

/// The message parse_model() refuses a text with.
std::string error(const std::string& text) {
  try {
    ml::parse_model(text, "file.toml");
  } catch (const UserError& refused) {
    return refused.what();
  }
  return "";
}

using Catch::Contains;
using Catch::StartsWith;

}  // namespace

TEST_CASE("a model has its tensors, operators, and results with inferred shapes") {
  const ml::Model model = ml::parse_model(
      kHeader + tensor("input", "x", kPlain) +
          tensor("weight", "w",
                 "dtype = \"float32\"\nshape = [8, 3]\ninit = { uniform = [-1, 2], seed = 7 }\n") +
          op("matmul", "inputs = [\"x\", \"w\"]\nactivation = \"relu\"\ndtype = \"bfloat16\"\n"),
      "file.toml");
  CHECK(model.name == "m");
  CHECK(model.tolerance == 0.01);
  REQUIRE(model.find("y") != nullptr);
  CHECK(model.find("y")->shape == std::vector<std::int64_t>{4, 3});
  CHECK(model.find("y")->dtype == num::Dtype::Bf16);
  CHECK(model.find("y")->kind == isa::TensorKind::Output);
  CHECK(model.find("w")->init.kind == num::Init::Kind::Uniform);
  CHECK(model.find("w")->init.low == -1);
  CHECK(model.find("w")->init.high == 2);
  CHECK(model.find("w")->init.seed == 7);
  REQUIRE(model.operators.size() == 1);
  CHECK(std::get<std::string>(model.operators[0].attributes.at("activation")) == "relu");
}

TEST_CASE("every initial content is read") {
  const auto init = [](const std::string& text) {
    return ml::parse_model(
               kHeader +
                   tensor("input", "x",
                          "dtype = \"float32\"\nshape = [2, 2]\ninit = " + text + "\n") +
                   op("exp", "inputs = [\"x\"]\n"),
               "file.toml")
        .find("x")
        ->init;
  };
  CHECK(init("{ constant = 3 }").low == 3);
  CHECK(init("{ index = 5 }").kind == num::Init::Kind::Index);
  CHECK(init("{ normal = 0.5, mean = 1 }").low == 1);
  CHECK(init("{ normal = 0.5, mean = 1 }").high == 0.5);
  const num::Init cosine = init("{ rope_cos = 100.0, first = 1 }");
  REQUIRE(cosine.bytes.size() == 16);
  // Second position: 2 * 100^(-0/2) and 2 * 100^(-1/2).
  CHECK(num::load(num::Dtype::Fp32, &cosine.bytes[8]) == Approx(std::cos(2.0)));
  CHECK(num::load(num::Dtype::Fp32, &cosine.bytes[12]) == Approx(std::cos(0.2)));
}

TEST_CASE("an error names file, line, what is wrong and what is near") {
  const std::string x = tensor("input", "x", kPlain);
  CHECK_THAT(error("nam = 1\n" + kHeader),
             StartsWith("file.toml:1:1: unknown key 'nam'; did you mean 'name'"));
  CHECK_THAT(error(kHeader + tensor("input", "x",
                                    "dtype = \"bfloat\"\nshape = [1]\ninit = { normal = 1 }\n")),
             StartsWith("file.toml:6:") && Contains("did you mean 'bfloat16'"));
  CHECK_THAT(error(kHeader + x + op("matmull", "inputs = [\"x\"]\n")),
             StartsWith("file.toml:9:") && Contains("did you mean 'matmul'"));
  CHECK_THAT(error(kHeader + x + op("softmax", "inputs = [\"z\"]\n")),
             Contains("no tensor 'z' before it"));
  CHECK_THAT(error(kHeader + x + op("softmax", "inputs = [\"x\"]\nscal = 2\n")),
             Contains("did you mean 'scale'"));
  CHECK_THAT(error(kHeader + x + op("softmax", "inputs = [\"x\"]\nscale = true\n")),
             Contains("a number"));
  CHECK_THAT(error(kHeader + x + op("matmul", "inputs = [\"x\", \"x\"]\n")),
             Contains("'op' (matmul)") && Contains("[4, 8]") && Contains("[8, 8] is needed"));
  CHECK_THAT(error(kHeader + x + op("add", "inputs = [\"x\"]\n")),
             Contains("has 1 inputs, takes 2"));
  CHECK_THAT(error(kHeader + x + x), Contains("already a tensor 'x'"));
  CHECK_THAT(error(kHeader + x), Contains("no operator gives 'y'"));
  CHECK_THAT(error("name = \"m\"\ntolerance = 1\noutputs = [\"x\"]\n" + x),
             Contains("not the result of an operator"));
}

TEST_CASE("values beyond any device are refused") {
  const auto shape = [](const std::string& text) {
    return error(
        kHeader +
        tensor("input", "x", "dtype = \"int8\"\nshape = " + text + "\ninit = { normal = 1 }\n"));
  };
  CHECK_THAT(shape("[0]"), Contains("from 1 to 2^31"));
  CHECK_THAT(shape("[9223372036854775807]"), Contains("from 1 to 2^31"));
  CHECK_THAT(shape("[2147483648, 2147483648]"), Contains("2^40"));
  CHECK_THAT(shape("[1, 1, 1, 1, 1]"), Contains("1 to 4 sizes"));
  CHECK_THAT(shape("[]"), Contains("1 to 4 sizes"));
}

TEST_CASE("text that is no TOML is refused with its place") {
  CHECK_THAT(error("name = \n"), StartsWith("file.toml:1:"));
  CHECK_THAT(error("[/"), StartsWith("file.toml:1:"));
  std::string nested = "a";
  for (int i = 0; i < 1000; ++i) {
    nested += ".a";
  }
  CHECK_THAT(error(nested + " = 1"), Contains("dots"));
  CHECK_THAT(error(std::string(1000, '.')), StartsWith("file.toml:1:"));
  CHECK_THAT(error("# " + std::string(1000, '.') + "\n[/"), StartsWith("file.toml:2:"));
  CHECK_THAT(error(""), Contains("'name' is missing"));
  CHECK_THROWS_WITH(ml::load_model("/nowhere/x.toml"), Contains("cannot read"));
}
