// SPDX-License-Identifier: Apache-2.0
// Expected values are worked out by hand.
#include "models/reference.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

namespace {

using namespace nsim;
using Values = std::vector<float>;

/// y = kind(x, ...) of float32 tensors; `shapes` in order of `given`'s names.
Values run(const std::string& kind, const std::vector<std::pair<std::string, Values>>& given,
           const std::string& rest = "") {
  std::string text = "name = \"m\"\ntolerance = 0\noutputs = [\"y\"]\n";
  std::string inputs;
  ml::HostTensors values;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const std::string name = "x" + std::to_string(i);
    text += "[[input]]\nname = \"" + name + "\"\ndtype = \"float32\"\nshape = " + given[i].first +
            "\ninit = { normal = 1 }\n";
    inputs += (i == 0 ? "\"" : ", \"") + name + "\"";
    values[name] = given[i].second;
  }
  text += "[[operator]]\nname = \"op\"\nkind = \"" + kind + "\"\noutput = \"y\"\ninputs = [" +
          inputs + "]\n" + rest;
  return ml::reference(ml::parse_model(text, "test.toml"), values).at("y");
}

void check_near(const Values& actual, const Values& expected) {
  REQUIRE(actual.size() == expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i) {
    CHECK(actual[i] == Approx(expected[i]).margin(1e-6));
  }
}

}  // namespace

TEST_CASE("the reference of a product in every storage order") {
  const Values expected{19, 22, 43, 50};
  CHECK(run("matmul", {{"[2, 2]", {1, 2, 3, 4}}, {"[2, 2]", {5, 6, 7, 8}}}) == expected);
  CHECK(run("matmul", {{"[2, 2]", {1, 3, 2, 4}}, {"[2, 2]", {5, 6, 7, 8}}}, "transpose_a = true") ==
        expected);
  CHECK(run("matmul", {{"[2, 2]", {1, 2, 3, 4}}, {"[2, 2]", {5, 7, 6, 8}}}, "transpose_b = true") ==
        expected);
  CHECK(run("matmul", {{"[2, 2]", {1, 2, 3, 4}}, {"[2, 2]", {5, 6, 7, 8}}, {"[2]", {-20, 1}}},
            "activation = \"relu\"") == Values{0, 23, 23, 51});
}

TEST_CASE("the reference of operators on rows") {
  check_near(run("softmax", {{"[2, 2]", {0, std::log(3.0F), 5, 5}}}), {0.25F, 0.75F, 0.5F, 0.5F});
  check_near(
      run("layernorm", {{"[1, 2]", {1, 3}}, {"[2]", {2, 2}}, {"[2]", {0, 1}}}, "epsilon = 0"),
      {-2, 3});
  check_near(run("rmsnorm", {{"[1, 2]", {3, 4}}, {"[2]", {1, 10}}}, "epsilon = 0"),
             {3 / std::sqrt(12.5F), 40 / std::sqrt(12.5F)});
  check_near(run("reduce", {{"[2, 3]", {1, 2, 6, -1, -2, -6}}}, "op = \"mean\""), {3, -3});
  check_near(run("reduce", {{"[2, 3]", {1, 2, 6, -1, -2, -6}}}, "op = \"max\""), {6, -1});
}

TEST_CASE("the reference of attention weighs values, sees the past and hides the future") {
  // Two tokens, one head of one column; a zero query weighs all keys it sees equally.
  CHECK(run("attention", {{"[2, 1]", {0, 0}}, {"[2, 1]", {1, 2}}, {"[2, 1]", {10, 20}}},
            "heads = 1") == Values{15, 15});
  CHECK(run("attention", {{"[2, 1]", {0, 0}}, {"[2, 1]", {1, 2}}, {"[2, 1]", {10, 20}}},
            "heads = 1\ncausal = true") == Values{10, 15});
  check_near(run("attention",
                 {{"[1, 1]", {0}},
                  {"[1, 1]", {1}},
                  {"[1, 1]", {30}},
                  {"[2, 1]", {1, 2}},
                  {"[2, 1]", {0, 30}}},
                 "heads = 1\ncausal = true"),
             {20});
  // Keys 0 and ln 3: weights 1/4 and 3/4.
  check_near(
      run("attention", {{"[1, 2]", {1, 1}}, {"[2, 1]", {0, std::log(3.0F)}}, {"[2, 1]", {0, 4}}},
          "heads = 2\nkv_heads = 1"),
      {3, 3});
}

TEST_CASE("the reference of a convolution pads and strides") {
  const Values image{1, 2, 3, 4, 5, 6, 7, 8, 9};
  const Values ones(9, 1);
  CHECK(run("conv2d", {{"[1, 1, 3, 3]", image}, {"[3, 3, 1, 1]", ones}}) == Values{45});
  CHECK(run("conv2d", {{"[1, 1, 3, 3]", image}, {"[3, 3, 1, 1]", ones}},
            "padding = 1\nstride = 2") == Values{12, 16, 24, 28});
}

TEST_CASE("the reference of a feed-forward layer") {
  CHECK(run("mlp",
            {{"[1, 1]", {2}},
             {"[1, 2]", {1, -1}},
             {"[2]", {1, 1}},
             {"[2, 1]", {10, 10}},
             {"[1]", {5}}},
            "activation = \"relu\"") == Values{35});
  const float silu2 = 2 / (1 + std::exp(-2.0F));
  check_near(run("mlp", {{"[1, 1]", {2}}, {"[1, 1]", {1}}, {"[1, 1]", {3}}, {"[1, 1]", {1}}},
                 "activation = \"swiglu\""),
             {silu2 * 6});
}

TEST_CASE("the reference of what moves data") {
  CHECK(run("transpose", {{"[2, 3]", {1, 2, 3, 4, 5, 6}}}) == Values{1, 4, 2, 5, 3, 6});
  CHECK(run("slice", {{"[2, 3]", {1, 2, 3, 4, 5, 6}}}, "begin = 1") == Values{2, 3, 5, 6});
  CHECK(run("rope", {{"[1, 2]", {3, 4}}, {"[1, 1]", {0}}, {"[1, 1]", {1}}}, "heads = 1") ==
        Values{-4, 3});
}

TEST_CASE("a difference is relative to the largest expected value, and NaN is the largest") {
  const ml::Difference found = ml::compare({1, 2.5F, 4}, {1, 2, 4});
  CHECK(found.max_absolute == 0.5);
  CHECK(found.max_relative == 0.125);
  CHECK(found.at == 1);
  CHECK(ml::compare({0, 0}, {0, 0}).max_relative == 0);
  CHECK(std::isinf(ml::compare({std::nanf("")}, {1}).max_relative));
}
