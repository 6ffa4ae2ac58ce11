// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/program.h"

#include <algorithm>

#include "sim/isa/checked.h"

namespace nsim::isa {

void throw_overflow() {
  throw UserError("a number of the program is too large (the limit is 2^62)");
}

std::int64_t Expr::evaluate(const std::vector<std::int64_t>& values) const {
  std::int64_t sum = constant;
  for (const Term& term : terms) {
    std::int64_t value = floor_divide(values.at(term.variable), term.divide);
    if (term.modulo != 0) {
      value = floor_modulo(value, term.modulo);
    }
    sum = checked_add(sum, checked_multiply(term.coefficient, value));
  }
  return sum;
}

namespace {

void add_term(std::vector<Term>& terms, const Term& term) {
  const auto same = std::find_if(terms.begin(), terms.end(), [&](const Term& other) {
    return other.variable == term.variable && other.divide == term.divide &&
           other.modulo == term.modulo;
  });
  if (same == terms.end()) {
    terms.push_back(term);
    return;
  }
  same->coefficient = checked_add(same->coefficient, term.coefficient);
  if (same->coefficient == 0) {
    terms.erase(same);
  }
}

}  // namespace

Expr operator+(Expr a, const Expr& b) {
  a.constant = checked_add(a.constant, b.constant);
  for (const Term& term : b.terms) {
    add_term(a.terms, term);
  }
  return a;
}

Expr operator*(Expr a, std::int64_t factor) {
  if (factor == 0) {
    return Expr(0);
  }
  a.constant = checked_multiply(a.constant, factor);
  for (Term& term : a.terms) {
    term.coefficient = checked_multiply(term.coefficient, factor);
  }
  return a;
}

std::int64_t Tensor::elements() const {
  std::int64_t product = 1;
  for (const std::int64_t extent : shape) {
    product = checked_multiply(product, extent);
  }
  return product;
}

std::int64_t Tensor::bytes() const {
  return checked_multiply(elements(), static_cast<std::int64_t>(num::size_of(dtype)));
}

std::int64_t Buffer::bytes() const {
  return checked_multiply(elements, static_cast<std::int64_t>(num::size_of(dtype)));
}

}  // namespace nsim::isa
