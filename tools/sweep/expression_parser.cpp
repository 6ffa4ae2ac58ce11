// SPDX-License-Identifier: Apache-2.0
// Recursive descent over the text of an expression.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>

#include "tools/sweep/expression.h"

namespace nsim::tool {
namespace {

constexpr int kMaxDepth = 200;  // of nesting: the parser is recursive

const std::map<std::string, std::pair<std::size_t, std::size_t>> kFunctions{
    {"min", {2, 64}}, {"max", {2, 64}},  {"abs", {1, 1}},  {"floor", {1, 1}},
    {"ceil", {1, 1}}, {"round", {1, 1}}, {"sqrt", {1, 1}}, {"exp", {1, 1}},
    {"log2", {1, 1}}, {"log10", {1, 1}}, {"pow", {2, 2}},  {"if", {3, 3}}};

bool is_word_start(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_';
}
bool is_word(char c) {
  return is_word_start(c) || std::isdigit(static_cast<unsigned char>(c)) != 0;
}

}  // namespace

class ExpressionParser {
 public:
  ExpressionParser(const std::string& text, const SourcePos& where) {
    out_.text_ = text;
    out_.where_ = where;
  }

  Expression parse() {
    out_.root_ = disjunction();
    if (next() != '\0') {
      fail(fmt::format("unexpected '{}'", out_.text_.substr(at_)));
    }
    return std::move(out_);
  }

 private:
  using Kind = Expression::Kind;
  using Node = Expression::Node;

  SourcePos place(std::size_t at) const {
    const SourcePos& base = out_.where_;
    return {base.file, base.line, base.column > 0 ? base.column + static_cast<int>(at) : 0};
  }

  [[noreturn]] void fail(const std::string& message) const { throw UserError(place(at_), message); }

  char next() {
    while (at_ < out_.text_.size() &&
           std::isspace(static_cast<unsigned char>(out_.text_[at_])) != 0) {
      ++at_;
    }
    return at_ < out_.text_.size() ? out_.text_[at_] : '\0';
  }

  /// Takes `op` when it comes next; words must not go on behind it.
  bool take(const std::string& op) {
    next();
    const std::string& text = out_.text_;
    if (text.compare(at_, op.size(), op) != 0) {
      return false;
    }
    const std::size_t end = at_ + op.size();
    if (is_word_start(op[0]) && end < text.size() && (is_word(text[end]) || text[end] == '.')) {
      return false;
    }
    at_ = end;
    return true;
  }

  int add(Node node) {
    out_.nodes_.push_back(std::move(node));
    return static_cast<int>(out_.nodes_.size()) - 1;
  }

  using Level = int (ExpressionParser::*)();
  int left_to_right(std::initializer_list<const char*> ops, Level operand) {
    int left = (this->*operand)();
    while (true) {
      next();
      const int column = static_cast<int>(at_);
      const auto* op =
          std::find_if(ops.begin(), ops.end(), [this](const char* o) { return take(o); });
      if (op == ops.end()) {
        return left;
      }
      const int right = (this->*operand)();
      left = add({Kind::Binary, *op, {}, {left, right}, column});
    }
  }

  int disjunction() { return left_to_right({"or"}, &ExpressionParser::conjunction); }
  int conjunction() { return left_to_right({"and"}, &ExpressionParser::negation); }

  int negation() {
    next();
    const int column = static_cast<int>(at_);
    if (!take("not")) {
      return comparison();
    }
    descend();
    const int operand = negation();
    --depth_;
    return add({Kind::Unary, "not", {}, {operand}, column});
  }

  int comparison() {
    const int left = sum();
    next();
    const int column = static_cast<int>(at_);
    for (const char* op : {"==", "!=", "<=", ">=", "<", ">"}) {
      if (take(op)) {
        const int right = sum();
        return add({Kind::Binary, op, {}, {left, right}, column});
      }
    }
    if (next() == '=') {
      fail("'=' compares nothing; write '=='");
    }
    return left;
  }

  int sum() { return left_to_right({"+", "-"}, &ExpressionParser::product); }
  int product() { return left_to_right({"*", "/", "%"}, &ExpressionParser::unary); }

  int unary() {
    next();
    const int column = static_cast<int>(at_);
    if (!take("-")) {
      return primary();
    }
    descend();
    const int operand = unary();
    --depth_;
    return add({Kind::Unary, "-", {}, {operand}, column});
  }

  void descend() {
    if (++depth_ > kMaxDepth) {
      fail("nested too deeply");
    }
  }

  int primary() {
    const char c = next();
    if (c == '(') {
      descend();
      ++at_;
      const int inner = disjunction();
      if (!take(")")) {
        fail("')' is missing");
      }
      --depth_;
      return inner;
    }
    if (c == '\'' || c == '"') {
      return text_literal(c);
    }
    if (std::isdigit(static_cast<unsigned char>(c)) != 0) {
      return number_literal();
    }
    if (is_word_start(c)) {
      return word();
    }
    fail(c == '\0' ? "a value is missing at the end"
                   : fmt::format("'{}' is no value", out_.text_.substr(at_, 1)));
  }

  int text_literal(char quote) {
    const std::size_t from = at_;
    const std::size_t end = out_.text_.find(quote, at_ + 1);
    if (end == std::string::npos) {
      fail("a text without its closing quote");
    }
    at_ = end + 1;
    return add({Kind::Literal,
                "",
                Value::of(out_.text_.substr(from + 1, end - from - 1)),
                {},
                static_cast<int>(from)});
  }

  /// "/s" behind `end` may belong to the unit.
  void with_rate(std::size_t end, std::vector<std::size_t>& ends) const {
    const std::string& text = out_.text_;
    if (text.compare(end, 2, "/s") == 0 && (end + 2 == text.size() || !is_word(text[end + 2]))) {
      ends.insert(ends.begin(), end + 2);
    }
  }

  /// The longest stretch that is a number with a unit: "716GB/s" is a rate, "6/s" a division, and
  /// "16 and" ends behind 16.
  int number_literal() {
    const std::string& text = out_.text_;
    const std::size_t from = at_;
    std::size_t end = at_;
    while (end < text.size() && (is_word(text[end]) || text[end] == '.' ||
                                 ((text[end] == '-' || text[end] == '+') &&
                                  (text[end - 1] == 'e' || text[end - 1] == 'E')))) {
      ++end;
    }
    std::vector<std::size_t> ends{end};
    with_rate(end, ends);
    if (end + 1 < text.size() && text[end] == ' ' && is_word_start(text[end + 1])) {
      const std::size_t unit = static_cast<std::size_t>(
          std::find_if_not(text.begin() + static_cast<std::ptrdiff_t>(end) + 1, text.end(),
                           is_word) -
          text.begin());
      ends.insert(ends.begin(), unit);
      with_rate(unit, ends);
    }
    for (const std::size_t candidate : ends) {
      const auto value = number_with_unit(text.substr(from, candidate - from));
      if (value) {
        at_ = candidate;
        return add({Kind::Literal, "", Value::of(*value), {}, static_cast<int>(from)});
      }
    }
    fail(fmt::format("'{}' is neither a number nor one with a unit (64KiB, 716GB/s, 2.4GHz, 150ns)",
                     text.substr(from, end - from)));
  }

  int word() {
    const std::string& text = out_.text_;
    const std::size_t from = at_;
    while (at_ < text.size() && (is_word(text[at_]) || (text[at_] == '.' && at_ + 1 < text.size() &&
                                                        is_word(text[at_ + 1])))) {
      ++at_;
    }
    const std::string name = text.substr(from, at_ - from);
    if (next() == '(') {
      return call(name, from);
    }
    if (name == "and" || name == "or" || name == "not") {
      at_ = from;
      fail(fmt::format("'{}' where a value belongs", name));
    }
    if (name == "true" || name == "false") {
      return add(
          {Kind::Literal, "", Value::of(name == "true" ? 1.0 : 0.0), {}, static_cast<int>(from)});
    }
    out_.names_.push_back({name, place(from)});
    return add({Kind::Name, name, {}, {}, static_cast<int>(from)});
  }

  int call(const std::string& name, std::size_t from) {
    const auto known = kFunctions.find(name);
    if (known == kFunctions.end()) {
      std::vector<std::string> names;
      for (const auto& [function, counts] : kFunctions) {
        names.push_back(function);
      }
      const std::string near = nearest_name(name, names);
      at_ = from;
      fail(fmt::format("no function '{}'{}", name,
                       near.empty() ? fmt::format("; there are {}", fmt::join(names, ", "))
                                    : ", did you mean '" + near + "'?"));
    }
    descend();
    Node node{Kind::Call, name, {}, {}, static_cast<int>(from)};
    ++at_;  // "("
    do {
      node.children.push_back(disjunction());
    } while (take(","));
    if (!take(")")) {
      fail("')' is missing");
    }
    --depth_;
    const auto [least, most] = known->second;
    if (node.children.size() < least || node.children.size() > most) {
      at_ = from;
      fail(fmt::format("{} takes {} value(s), not {}", name,
                       least == most ? std::to_string(least) : fmt::format("{} or more", least),
                       node.children.size()));
    }
    return add(std::move(node));
  }

  Expression out_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

Expression Expression::parse(const std::string& text, const SourcePos& where) {
  return ExpressionParser(text, where).parse();
}

}  // namespace nsim::tool
