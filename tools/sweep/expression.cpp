// SPDX-License-Identifier: Apache-2.0
#include "tools/sweep/expression.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/base/units.h"

namespace nsim::tool {
namespace {

bool is_comparison(const std::string& op) {
  return op == "==" || op == "!=" || op == "<" || op == "<=" || op == ">" || op == ">=";
}

bool compare(const std::string& op, const Value& left, const Value& right) {
  if (op == "==" || op == "!=") {
    return (left == right) == (op == "==");
  }
  if (op == "<") {
    return left.number < right.number;
  }
  if (op == "<=") {
    return left.number <= right.number;
  }
  return op == ">" ? left.number > right.number : left.number >= right.number;
}

double arithmetic(const std::string& op, double left, double right) {
  switch (op[0]) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return left / right;
    default:
      return std::fmod(left, right);
  }
}

double function(const std::string& name, const std::vector<double>& arguments) {
  const double first = arguments[0];
  if (name == "min") {
    return *std::min_element(arguments.begin(), arguments.end());
  }
  if (name == "max") {
    return *std::max_element(arguments.begin(), arguments.end());
  }
  if (name == "pow") {
    return std::pow(first, arguments[1]);
  }
  using Unary = double (*)(double);
  const std::pair<const char*, Unary> unary[] = {
      {"abs", std::fabs},  {"floor", std::floor}, {"ceil", std::ceil}, {"round", std::round},
      {"sqrt", std::sqrt}, {"exp", std::exp},     {"log2", std::log2}, {"log10", std::log10}};
  for (const auto& [known, apply] : unary) {
    if (name == known) {
      return apply(first);
    }
  }
  throw InternalError("no function " + name);
}

/// "716 GB/s" in quotes where a number belongs.
Value as_number(const Value& value) {
  const std::optional<double> number = value.is_text ? number_with_unit(value.text) : std::nullopt;
  return number ? Value::of(*number) : value;
}

}  // namespace

std::optional<double> number_with_unit(const std::string& text) {
  for (const Quantity quantity : {Quantity::Ratio, Quantity::Rate, Quantity::Bytes,
                                  Quantity::Frequency, Quantity::Duration}) {
    if (const std::optional<std::int64_t> value = parse_quantity(quantity, text)) {
      const double scale = quantity == Quantity::Ratio      ? 1e9
                           : quantity == Quantity::Duration ? static_cast<double>(kNanosecond)
                                                            : 1;
      return static_cast<double>(*value) / scale;
    }
  }
  return std::nullopt;
}

void Expression::fail(const Node& node, const std::string& message) const {
  throw UserError(
      SourcePos{where_.file, where_.line, where_.column > 0 ? where_.column + node.column : 0},
      message);
}

Value Expression::evaluate(const Lookup& lookup) const {
  const Value result = value(root_, lookup);
  if (!result.is_text && !std::isfinite(result.number)) {
    fail(nodes_[static_cast<std::size_t>(root_)],
         fmt::format("'{}' is no finite number here", text_));
  }
  return result;
}

double Expression::number(const Lookup& lookup) const {
  const double result = number(root_, lookup);
  if (!std::isfinite(result)) {
    fail(nodes_[static_cast<std::size_t>(root_)],
         fmt::format("'{}' is no finite number here", text_));
  }
  return result;
}

bool Expression::holds(const Lookup& lookup) const {
  return number(root_, lookup) != 0;
}

double Expression::violation(const Lookup& lookup) const {
  return violation(root_, lookup);
}

double Expression::number(int index, const Lookup& lookup) const {
  const Value result = as_number(value(index, lookup));
  if (result.is_text) {
    fail(nodes_[static_cast<std::size_t>(index)],
         fmt::format("'{}' is a text where a number belongs", result.text));
  }
  return result.number;
}

Value Expression::value(int index, const Lookup& lookup) const {
  const Node& node = nodes_[static_cast<std::size_t>(index)];
  switch (node.kind) {
    case Kind::Literal:
      return node.literal;
    case Kind::Name: {
      const std::optional<Value> found = lookup(node.op);
      if (!found) {
        fail(node, fmt::format("'{}' has no value here", node.op));
      }
      return *found;
    }
    case Kind::Unary: {
      const double operand = number(node.children[0], lookup);
      return Value::of(node.op == "-" ? -operand : (operand == 0 ? 1.0 : 0.0));
    }
    case Kind::Binary:
      return binary(node, lookup);
    case Kind::Call:
      return call(node, lookup);
  }
  throw InternalError("an expression node of no kind");
}

/// Two texts stay texts.
std::pair<Value, Value> Expression::operands(const Node& node, const Lookup& lookup) const {
  const Value left = value(node.children[0], lookup);
  const Value right = value(node.children[1], lookup);
  if (left.is_text && right.is_text) {
    return {left, right};
  }
  return {as_number(left), as_number(right)};
}

Value Expression::binary(const Node& node, const Lookup& lookup) const {
  if (node.op == "and" || node.op == "or") {
    const bool left = number(node.children[0], lookup) != 0;
    const bool decided = left == (node.op == "or");
    return Value::of(decided ? double(left) : double(number(node.children[1], lookup) != 0));
  }
  const auto [left, right] = operands(node, lookup);
  const bool equality = node.op == "==" || node.op == "!=";
  if (left.is_text != right.is_text || (left.is_text && !equality)) {
    const std::string& text = left.is_text ? left.text : right.text;
    fail(node, fmt::format("'{}' between the text '{}' and {}", node.op, text,
                           left.is_text && right.is_text ? "another: only == and != compare texts"
                                                         : "a number"));
  }
  if (is_comparison(node.op)) {
    return Value::of(compare(node.op, left, right) ? 1.0 : 0.0);
  }
  if ((node.op == "/" || node.op == "%") && right.number == 0) {
    fail(node, fmt::format("'{}' divides by zero", text_));
  }
  return Value::of(arithmetic(node.op, left.number, right.number));
}

Value Expression::call(const Node& node, const Lookup& lookup) const {
  if (node.op == "if") {
    const bool condition = number(node.children[0], lookup) != 0;
    return value(node.children[condition ? 1 : 2], lookup);
  }
  std::vector<double> arguments;
  for (const int child : node.children) {
    arguments.push_back(number(child, lookup));
  }
  return Value::of(function(node.op, arguments));
}

double Expression::violation(int index, const Lookup& lookup) const {
  const Node& node = nodes_[static_cast<std::size_t>(index)];
  if (number(index, lookup) != 0) {
    return 0;
  }
  if (node.kind == Kind::Binary && node.op == "and") {
    return violation(node.children[0], lookup) + violation(node.children[1], lookup);
  }
  if (node.kind == Kind::Binary && node.op == "or") {
    return std::min(violation(node.children[0], lookup), violation(node.children[1], lookup));
  }
  if (node.kind != Kind::Binary || !is_comparison(node.op) || node.op == "!=") {
    return 1;
  }
  const auto [left, right] = operands(node, lookup);
  if (left.is_text) {
    return 1;
  }
  const double scale = std::max(std::fabs(left.number), std::fabs(right.number));
  const double off = std::fabs(left.number - right.number) / std::max(scale, 1e-300);
  return std::max(off, 1e-12);  // "<" is violated by equal numbers, too
}

}  // namespace nsim::tool
