// SPDX-License-Identifier: Apache-2.0
// The expressions of studies: conditions on axes, columns, objectives.
//
//   hbm.bandwidth <= 1TB/s and not (depth > 2 and program == 'gemm_1024.toml')
//   0.4 + 0.6 * hbm.bandwidth / 716GB/s + max(0, device.dma_engines - 16) * 0.02
//
// Numbers may carry a unit, also behind a space, and are then in base units: bytes, bytes per
// second, hertz; durations are in nanoseconds, as in summary.json. Operators, loosest first: or;
// and; not; == != < <= > >=; + -; * / %; unary minus. Functions: min max (two or more), abs floor
// ceil round sqrt exp log2 log10 pow, and if(condition, then, otherwise). Texts stand in quotes and
// can only be compared; where a number belongs, "716 GB/s" in quotes is one.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/base/error.h"

namespace nsim::tool {

/// A number or a text.
struct Value {
  bool is_text = false;
  double number = 0;
  std::string text;

  static Value of(double number) { return {false, number, ""}; }
  static Value of(std::string text) { return {true, 0, std::move(text)}; }
  bool operator==(const Value& other) const {
    return is_text == other.is_text && number == other.number && text == other.text;
  }
};

/// `text` as a number, with or without a unit: base units, durations in nanoseconds.
std::optional<double> number_with_unit(const std::string& text);

class Expression {
 public:
  struct Name {
    std::string name;
    SourcePos where;
  };
  /// The value of a name, or nothing when it has none.
  using Lookup = std::function<std::optional<Value>(const std::string&)>;

  /// `where` is the place of the text's first character. Throws UserError with the place of what is
  /// wrong.
  static Expression parse(const std::string& text, const SourcePos& where);

  const std::string& text() const { return text_; }
  const std::vector<Name>& names() const { return names_; }

  /// Throws UserError when a name has no value, a text stands where a number belongs, or the result
  /// is no number.
  Value evaluate(const Lookup& lookup) const;
  double number(const Lookup& lookup) const;
  bool holds(const Lookup& lookup) const;
  /// 0 when it holds; otherwise how far off it is, relative to what it compares with: sums over
  /// "and", the least over "or", 1 for what is no comparison of numbers.
  double violation(const Lookup& lookup) const;

 private:
  friend class ExpressionParser;
  enum class Kind { Literal, Name, Unary, Binary, Call };
  struct Node {
    Kind kind = Kind::Literal;
    std::string op;  // operator, function or name
    Value literal;
    std::vector<int> children;
    int column = 0;
  };

  Value value(int node, const Lookup& lookup) const;
  std::pair<Value, Value> operands(const Node& node, const Lookup& lookup) const;
  Value binary(const Node& node, const Lookup& lookup) const;
  Value call(const Node& node, const Lookup& lookup) const;
  double number(int node, const Lookup& lookup) const;
  double violation(int node, const Lookup& lookup) const;
  [[noreturn]] void fail(const Node& node, const std::string& message) const;

  std::string text_;
  SourcePos where_;
  std::vector<Node> nodes_;
  int root_ = 0;
  std::vector<Name> names_;
};

}  // namespace nsim::tool
