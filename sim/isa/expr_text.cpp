// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/expr_text.h"

#include "sim/isa/checked.h"

namespace nsim::isa {
namespace {

constexpr int kMaxParentheses = 64;

class ExprParser {
 public:
  explicit ExprParser(TextState& state) : state_(state), tokens_(state.tokens) {}

  Expr sum() {
    Expr total = product();
    while (tokens_.at("+") || tokens_.at("-")) {
      const SourcePos where = tokens_.where();
      const std::int64_t sign = tokens_.next().text == "-" ? -1 : 1;
      Expr next = product();
      total = located(where, [&] { return total + next * sign; });
      if (total.terms.size() > kMaxTerms) {
        throw UserError(where, "an expression may have at most " + std::to_string(kMaxTerms) +
                                   " different terms");
      }
    }
    return total;
  }

 private:
  /// A sign in front is applied last: -m / 2 * 4 is -(m / 2 * 4), so that it never stands between a
  /// variable and its divisor.
  Expr product() {
    const bool negative = signs();
    Expr result = primary();
    while (tokens_.at("*") || tokens_.at("/") || tokens_.at("%")) {
      const SourcePos where = tokens_.where();
      const char symbol = tokens_.next().text[0];
      const bool negative_right = signs();
      const Expr right = primary() * (negative_right ? -1 : 1);
      result = located(where, [&] {
        return symbol == '*'   ? multiply(result, right)
               : symbol == '/' ? divide(result, right)
                               : modulo(result, right);
      });
    }
    return result * (negative ? -1 : 1);
  }

  /// True after an odd number of minus signs.
  bool signs() {
    bool negative = false;
    while (tokens_.accept("-")) {
      negative = !negative;
    }
    return negative;
  }

  Expr primary() {
    if (tokens_.at("(")) {
      if (++parentheses_ > kMaxParentheses) {
        tokens_.fail("parentheses are nested more than " + std::to_string(kMaxParentheses) +
                     " deep");
      }
      tokens_.next();
      Expr inner = sum();
      tokens_.expect(")", "after the expression in parentheses");
      --parentheses_;
      return inner;
    }
    if (tokens_.peek().kind == Token::Kind::Number) {
      return tokens_.integer("the number", 0, kMaxInteger);
    }
    if (tokens_.at_name()) {
      return variable();
    }
    tokens_.fail("expected a number, a loop variable or '(', not " + describe(tokens_.peek()));
  }

  Expr variable() {
    const std::string& name = tokens_.peek().text;
    const auto& open = state_.open_variables;
    for (auto index = open.rbegin(); index != open.rend(); ++index) {
      if (state_.program.variables[*index] == name) {
        tokens_.next();
        Expr e;
        e.terms.push_back({*index, 1, 1, 0});
        return e;
      }
    }
    std::vector<std::string> names;
    for (const std::uint32_t index : open) {
      names.push_back(state_.program.variables[index]);
    }
    tokens_.fail("'" + name + "' is not a variable of an enclosing loop" +
                 did_you_mean(name, names));
  }

  static Expr multiply(const Expr& left, const Expr& right) {
    if (!left.is_constant() && !right.is_constant()) {
      throw UserError("the product of two variables is not affine: one side must be a number");
    }
    return left.is_constant() ? right * left.constant : left * right.constant;
  }

  /// The one term of `v`, `v / d`, `v % m`; only these can be divided.
  static Term only_term(const Expr& left, const Expr& right, const std::string& operation) {
    if (!right.is_constant() || right.constant < 1) {
      throw UserError("the number after '" + operation + "' must be positive and constant");
    }
    if (left.constant != 0 || left.terms.size() != 1 || left.terms[0].coefficient != 1) {
      throw UserError("only a variable can be used with '" + operation + "': write m " + operation +
                      " 4 * 512, not (m * 512) " + operation + " 2048");
    }
    return left.terms[0];
  }

  static Expr with(Term term) {
    Expr e;
    e.terms.push_back(term);
    return e;
  }

  static Expr divide(const Expr& left, const Expr& right) {
    if (left.is_constant() && right.is_constant() && right.constant > 0) {
      return floor_divide(left.constant, right.constant);
    }
    Term term = only_term(left, right, "/");
    if (term.modulo != 0) {
      // v % m / d is v / d % (m / d), for whole m / d only.
      if (term.modulo % right.constant != 0) {
        throw UserError("v % m / d needs an m that is a multiple of d");
      }
      term.modulo /= right.constant;
    }
    term.divide = checked_multiply(term.divide, right.constant);
    return with(term);
  }

  static Expr modulo(const Expr& left, const Expr& right) {
    if (left.is_constant() && right.is_constant() && right.constant > 0) {
      return floor_modulo(left.constant, right.constant);
    }
    Term term = only_term(left, right, "%");
    if (term.modulo % right.constant != 0) {
      throw UserError("v % m % n needs an m that is a multiple of n");
    }
    term.modulo = right.constant;
    return with(term);
  }

  TextState& state_;
  TokenStream& tokens_;
  int parentheses_ = 0;
};

std::string print_term(const Term& term, const Program& program, bool first) {
  const bool negative = term.coefficient < 0;
  std::string text = first ? (negative ? "-" : "") : (negative ? " - " : " + ");
  text += quote_name(program.variables.at(term.variable));
  if (term.divide != 1) {
    text += " / " + std::to_string(term.divide);
  }
  if (term.modulo != 0) {
    text += " % " + std::to_string(term.modulo);
  }
  const std::int64_t magnitude = negative ? -term.coefficient : term.coefficient;
  return magnitude == 1 ? text : text + " * " + std::to_string(magnitude);
}

}  // namespace

Expr parse_expr(TextState& state) {
  return ExprParser(state).sum();
}

std::string print_expr(const Expr& expr, const Program& program) {
  std::string text;
  for (const Term& term : expr.terms) {
    text += print_term(term, program, text.empty());
  }
  if (text.empty()) {
    return std::to_string(expr.constant);
  }
  if (expr.constant != 0) {
    text += (expr.constant < 0 ? " - " : " + ") + std::to_string(std::abs(expr.constant));
  }
  return text;
}

}  // namespace nsim::isa
