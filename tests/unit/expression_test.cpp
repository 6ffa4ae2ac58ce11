// SPDX-License-Identifier: Apache-2.0
#include "tools/sweep/expression.h"

#include <catch2/catch.hpp>
#include <map>

using namespace nsim;
using namespace nsim::tool;

namespace {

const std::map<std::string, Value> kNames{{"depth", Value::of(3.0)},
                                          {"hbm.bandwidth", Value::of(716e9)},
                                          {"program", Value::of(std::string("gemm"))}};

std::optional<Value> lookup(const std::string& name) {
  const auto found = kNames.find(name);
  return found == kNames.end() ? std::nullopt : std::optional(found->second);
}

double number(const std::string& text) {
  return Expression::parse(text, {"f", 1, 1}).number(lookup);
}

std::string problem(const std::string& text) {
  try {
    Expression::parse(text, {"f", 2, 10}).evaluate(lookup);
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("expressions follow the usual precedence") {
  CHECK(number("1 + 2 * 3 - 4 / 2") == 5);
  CHECK(number("-2 * -3") == 6);
  CHECK(number("7 % 4 + 10 - 3 - 2") == 8);
  CHECK(number("1 < 2 and 2 < 1 or not 0") == 1);
  CHECK(number("(1 + 2) * 3 == 9") == 1);
  CHECK(number("if(depth > 2, max(1, 5, 3), 1 / 0)") == 5);
  CHECK(number("pow(2, 10) + log2(8) + abs(0 - 1)") == 1028);
}

TEST_CASE("numbers may carry units, durations count in nanoseconds") {
  CHECK(number("hbm.bandwidth / 358GB/s") == 2);
  CHECK(number("64KiB") == 65536);
  CHECK(number("2.4GHz") == 2.4e9);
  CHECK(number("1.5us") == 1500);
  CHECK(number("6/depth") == 2);
  CHECK(number("1e3 + 1") == 1001);
}

TEST_CASE(
    "a unit may stand behind a space, and the number with it in quotes, as in configurations") {
  CHECK(number("hbm.bandwidth / 358 GB/s") == 2);
  CHECK(number("hbm.bandwidth >= \"400 GB/s\"") == 1);
  CHECK(number("'0.4TB/s' <= hbm.bandwidth and hbm.bandwidth == '716GB/s'") == 1);
  CHECK(number("2 * '64 KiB' + min('1 us', 2 ns)") == 131074);
  CHECK(number("hbm.bandwidth >= 716 GB/s and 1") == 1);
}

TEST_CASE("texts are compared and nothing else") {
  CHECK(number("program == 'gemm'") == 1);
  CHECK(number("program != \"gemm\"") == 0);
  CHECK(problem("program < 'x'").find("only == and !=") != std::string::npos);
  CHECK(problem("program + 1").find("f:2:18") == 0);
  CHECK(problem("depth == 'x'").find("'x'") != std::string::npos);
  CHECK(problem("hbm.bandwidth >= '400 GB'") == "");  // bytes: units are not checked
  CHECK(problem("hbm.bandwidth >= '400 GX'").find("'400 GX'") != std::string::npos);
  CHECK(number("program == '3'") == 0);
}

TEST_CASE("what is wrong is named with its place") {
  CHECK(problem("1 +").find("f:2:13: a value is missing") == 0);
  CHECK(problem("mx(1, 2)").find("did you mean 'max'") != std::string::npos);
  CHECK(problem("depth = 3").find("write '=='") != std::string::npos);
  CHECK(problem("nothing").find("f:2:10: 'nothing' has no value") == 0);
  CHECK(problem("min(1)").find("2 or more") != std::string::npos);
  CHECK(problem("3 furlongs").find("unexpected 'furlongs'") != std::string::npos);
  CHECK(problem("3furlongs").find("neither a number") != std::string::npos);
  CHECK(problem("1 / (depth - 3)").find("divides by zero") != std::string::npos);
  CHECK(problem("log2(0)").find("no finite number") != std::string::npos);
  CHECK(problem("'open").find("closing quote") != std::string::npos);
  CHECK(problem(std::string(10000, '(')).find("nested") != std::string::npos);
}

TEST_CASE("violations are relative, add up over and, and vanish where the condition holds") {
  const auto violation = [](const std::string& text) {
    return Expression::parse(text, {"", 0, 0}).violation(lookup);
  };
  CHECK(violation("depth <= 3") == 0);
  CHECK(violation("depth <= 1.5") == Approx(0.5));
  CHECK(violation("depth <= 1.5 and depth >= 6") == Approx(1.0));
  CHECK(violation("depth <= 1.5 or depth >= 4") == Approx(0.25));
  CHECK(violation("depth < 3") > 0);
  CHECK(violation("program == 'x'") == 1);
}
