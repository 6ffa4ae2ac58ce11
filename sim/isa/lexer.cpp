// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/lexer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include "sim/base/words.h"

namespace nsim::isa {
namespace {

// <cctype> depends on the locale.
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_word_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_word(char c) {
  return is_word_start(c) || is_digit(c);
}

int hex_digit(char c) {
  if (is_digit(c)) {
    return c - '0';
  }
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

constexpr std::array<const char*, 4> kTwoCharacterSymbols{"+:", "+=", ">=", ".."};
constexpr std::string_view kSymbols = "[](){},:+-*/%=";

std::string printable(char c) {
  if (c >= 0x20 && c < 0x7f) {
    return std::string(1, c);
  }
  return "\\x" + hex(std::array{c});
}

std::string without_underscores(std::string text) {
  text.erase(std::remove(text.begin(), text.end(), '_'), text.end());
  return text;
}

/// Digits, or 0x and hexadecimal digits.
bool parse_unsigned(const std::string& token, std::uint64_t& value) {
  const std::string text = without_underscores(token);
  const bool hex = text.size() > 2 && text[0] == '0' && (text[1] | 0x20) == 'x';
  const char* begin = text.data() + (hex ? 2 : 0);
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(begin, end, value, hex ? 16 : 10);
  return result.ec == std::errc() && result.ptr == end;
}

template <class Real>
std::string shortest(Real value) {
  if (std::isnan(value)) {
    return "nan";
  }
  std::array<char, 64> buffer{};
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return {buffer.data(), result.ptr};
}

}  // namespace

TokenStream::TokenStream(const std::string& text, std::string file)
    : text_(text), file_(std::move(file)) {
  advance();
}

Token TokenStream::next() {
  Token taken = token_;
  advance();
  return taken;
}

bool TokenStream::at(std::string_view text) const {
  return (token_.kind == Token::Kind::Word || token_.kind == Token::Kind::Symbol) &&
         token_.text == text;
}

bool TokenStream::accept(std::string_view text) {
  const bool here = at(text);
  if (here) {
    advance();
  }
  return here;
}

void TokenStream::expect(std::string_view text, const std::string& context) {
  if (!accept(text)) {
    fail("expected '" + std::string(text) + "' " + context + ", not " + describe(token_));
  }
}

bool TokenStream::at_name() const {
  return token_.kind == Token::Kind::Word || token_.kind == Token::Kind::String;
}

std::string TokenStream::name(const std::string& what) {
  if (!at_name()) {
    fail("expected " + what + ", not " + describe(token_));
  }
  if (token_.text.size() > kMaxNameLength) {
    fail("a name may have at most " + std::to_string(kMaxNameLength) + " characters");
  }
  return next().text;
}

std::string TokenStream::string(const std::string& what) {
  if (token_.kind != Token::Kind::String) {
    fail("expected " + what + ", not " + describe(token_));
  }
  return next().text;
}

std::int64_t TokenStream::integer(const std::string& what, std::int64_t min, std::int64_t max) {
  const SourcePos start = where();
  const bool negative = accept("-");
  std::uint64_t magnitude = 0;
  if (token_.kind != Token::Kind::Number) {
    fail("expected " + what + ", not " + describe(token_));
  }
  const bool whole = token_.text.find('.') == std::string::npos;
  const bool fits = parse_unsigned(token_.text, magnitude) && magnitude <= INT64_MAX;
  auto value = static_cast<std::int64_t>(fits ? magnitude : 0);
  value = negative ? -value : value;
  if (!fits || value < min || value > max) {
    throw UserError(start, what + " is " + (negative ? "-" : "") + token_.text + ", must be " +
                               (whole ? "" : "a whole number ") + "from " + std::to_string(min) +
                               " to " + std::to_string(max));
  }
  advance();
  return value;
}

std::uint64_t TokenStream::unsigned_integer(const std::string& what) {
  std::uint64_t value = 0;
  if (token_.kind != Token::Kind::Number || !parse_unsigned(token_.text, value)) {
    fail("expected " + what + ", a whole number below 2^64, not " + describe(token_));
  }
  advance();
  return value;
}

bool TokenStream::at_number() const {
  return token_.kind == Token::Kind::Number || at("-") || at("nan") || at("inf");
}

template <class Real>
Real TokenStream::real(const std::string& what) {
  const Real sign = accept("-") ? Real(-1) : Real(1);
  if (accept("nan")) {
    return std::numeric_limits<Real>::quiet_NaN();
  }
  if (accept("inf")) {
    return sign * std::numeric_limits<Real>::infinity();
  }
  if (token_.kind != Token::Kind::Number) {
    fail("expected " + what + ", not " + describe(token_));
  }
  const std::string text = without_underscores(token_.text);
  Real value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec == std::errc::result_out_of_range) {
    fail(what + " is out of range: " + describe(token_));
  }
  if (result.ec != std::errc() || result.ptr != text.data() + text.size()) {
    fail("expected " + what + ", not " + describe(token_));
  }
  advance();
  return sign * value;
}

float TokenStream::real32(const std::string& what) {
  return real<float>(what);
}
double TokenStream::real64(const std::string& what) {
  return real<double>(what);
}

void TokenStream::skip_newlines() {
  while (token_.kind == Token::Kind::Newline) {
    advance();
  }
}

void TokenStream::end_statement() {
  if (token_.kind == Token::Kind::Newline) {
    skip_newlines();
  } else if (token_.kind != Token::Kind::End && !at("}")) {
    fail("expected the end of the line, not " + describe(token_));
  }
}

void TokenStream::fail(const std::string& message) const {
  throw UserError(where(), message);
}

void TokenStream::fail_here(const std::string& message) const {
  throw UserError(SourcePos{file_, line_, column_}, message);
}

char TokenStream::look(std::size_t ahead) const {
  return position_ + ahead < text_.size() ? text_[position_ + ahead] : '\0';
}

void TokenStream::take(std::size_t count) {
  for (std::size_t i = 0; i < count && position_ < text_.size(); ++i, ++position_) {
    const bool line_end = text_[position_] == '\n';
    line_ += line_end ? 1 : 0;
    column_ = line_end ? 1 : column_ + 1;
  }
}

void TokenStream::skip_blanks() {
  const bool joined = brackets_ > 0 || (token_.kind == Token::Kind::Symbol && token_.text == ",");
  while (position_ < text_.size()) {
    const char c = look();
    if (c == '#') {
      while (position_ < text_.size() && look() != '\n') {
        take(1);
      }
    } else if (c == '\\' && (look(1) == '\n' || (look(1) == '\r' && look(2) == '\n'))) {
      take(look(1) == '\n' ? 2 : 3);
    } else if (c == ' ' || c == '\t' || c == '\r' || (c == '\n' && joined)) {
      take(1);
    } else {
      return;
    }
  }
}

void TokenStream::advance() {
  skip_blanks();
  token_.line = line_;
  token_.column = column_;
  token_.text.clear();
  const char c = look();
  if (position_ >= text_.size()) {
    token_.kind = Token::Kind::End;
  } else if (c == '\n') {
    token_.kind = Token::Kind::Newline;
    take(1);
  } else if (c == '"') {
    lex_string();
  } else if (is_word_start(c)) {
    lex_word();
  } else if (is_digit(c)) {
    lex_number();
  } else {
    lex_symbol();
  }
}

void TokenStream::lex_string() {
  token_.kind = Token::Kind::String;
  take(1);
  while (look() != '"') {
    if (position_ >= text_.size() || look() == '\n') {
      fail("the string that starts here has no closing '\"' on its line");
    }
    if (look() == '\\') {
      token_.text += lex_escape();
    } else {
      token_.text += look();
      take(1);
    }
  }
  take(1);
}

char TokenStream::lex_escape() {
  const char kind = look(1);
  if (kind == 'x' && hex_digit(look(2)) >= 0 && hex_digit(look(3)) >= 0) {
    const int value = hex_digit(look(2)) * 16 + hex_digit(look(3));
    take(4);
    return static_cast<char>(value);
  }
  if (kind != '"' && kind != '\\' && kind != 'n') {
    fail_here("unknown escape in a string; the escapes are \\\" \\\\ \\n \\x00");
  }
  take(2);
  return kind == 'n' ? '\n' : kind;
}

void TokenStream::lex_word() {
  token_.kind = Token::Kind::Word;
  // A dot belongs to the word when the word goes on behind it: "vector.memset", "layer.0.weight",
  // but not "m..8".
  while (is_word(look()) || (look() == '.' && is_word(look(1)))) {
    token_.text += look();
    take(1);
  }
  if (token_.text.size() > kMaxNameLength) {
    fail("a word may have at most " + std::to_string(kMaxNameLength) + " characters");
  }
}

void TokenStream::lex_number() {
  token_.kind = Token::Kind::Number;
  const bool hex = look() == '0' && (look(1) | 0x20) == 'x';
  while (true) {
    const char c = look();
    const char before = token_.text.empty() ? '\0' : token_.text.back();
    const bool exponent_sign = !hex && (c == '+' || c == '-') && look(1) != ':' &&
                               (before | 0x20) == 'e' && is_digit(look(1));
    const bool point = c == '.' && is_digit(look(1));
    if (!is_word(c) && !exponent_sign && !point) {
      return;
    }
    token_.text += c;
    take(1);
  }
}

void TokenStream::lex_symbol() {
  token_.kind = Token::Kind::Symbol;
  const std::string two{look(), look(1)};
  for (const char* symbol : kTwoCharacterSymbols) {
    if (two == symbol) {
      token_.text = two;
      take(2);
      return;
    }
  }
  if (kSymbols.find(look()) == std::string_view::npos) {
    fail_here("unexpected character '" + printable(look()) + "'");
  }
  token_.text = look();
  brackets_ += (look() == '[' || look() == '(') ? 1 : 0;
  brackets_ -= (look() == ']' || look() == ')') && brackets_ > 0 ? 1 : 0;
  take(1);
}

std::string quote(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      quoted += printable(c);
    } else {
      quoted += c;  // UTF-8 stays readable
    }
  }
  return quoted + '"';
}

std::string quote_name(const std::string& name) {
  bool word = !name.empty() && is_word_start(name.front()) && name != "nan" && name != "inf";
  for (std::size_t i = 0; i < name.size() && word; ++i) {
    word = is_word(name[i]) || (name[i] == '.' && i + 1 < name.size() && is_word(name[i + 1]));
  }
  return word ? name : quote(name);
}

std::string print_real(float value) {
  return shortest(value);
}
std::string print_real(double value) {
  return shortest(value);
}

std::string describe(const Token& token) {
  switch (token.kind) {
    case Token::Kind::End:
      return "the end of the text";
    case Token::Kind::Newline:
      return "the end of the line";
    case Token::Kind::String:
      return quote(token.text.substr(0, kMaxNameLength));
    default:
      return "'" + token.text.substr(0, kMaxNameLength) + "'";
  }
}

}  // namespace nsim::isa
