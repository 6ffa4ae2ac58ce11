// SPDX-License-Identifier: Apache-2.0
// Tokens of the text form, one at a time, and the small readings every rule of the grammar needs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sim/base/error.h"

namespace nsim::isa {

/// Longest word or name. Also keeps "did you mean" cheap.
inline constexpr std::size_t kMaxNameLength = 255;

struct Token {
  enum class Kind : std::uint8_t { Word, String, Number, Symbol, Newline, End };
  Kind kind = Kind::End;
  std::string text;  // of a string: without quotes and escapes
  int line = 1;
  int column = 1;
};

/// The tokens of one text with one token of look-ahead. Comments vanish; so do line ends inside ( )
/// and [ ], after a comma and after a backslash. Every method that fails throws UserError at the
/// offending token.
class TokenStream {
 public:
  TokenStream(const std::string& text, std::string file);

  const Token& peek() const { return token_; }
  Token next();
  SourcePos where() const { return {file_, token_.line, token_.column}; }

  /// True when the next token is this keyword or symbol; never for a quoted name.
  bool at(std::string_view text) const;
  bool accept(std::string_view text);
  /// `context` completes "expected '{' ...": where that token belongs.
  void expect(std::string_view text, const std::string& context);

  bool at_name() const;
  /// A word or a quoted string. `what` completes "expected ...".
  std::string name(const std::string& what);
  std::string string(const std::string& what);
  std::int64_t integer(const std::string& what, std::int64_t min, std::int64_t max);
  std::uint64_t unsigned_integer(const std::string& what);
  bool at_number() const;
  float real32(const std::string& what);
  double real64(const std::string& what);

  void skip_newlines();
  /// A line end, the end of the text, or (not consumed) the '}' that closes a loop.
  void end_statement();

  [[noreturn]] void fail(const std::string& message) const;

 private:
  void advance();
  void skip_blanks();
  char look(std::size_t ahead = 0) const;
  void take(std::size_t count);
  void lex_string();
  char lex_escape();
  void lex_word();
  void lex_number();
  void lex_symbol();
  template <class Real>
  Real real(const std::string& what);
  [[noreturn]] void fail_here(const std::string& message) const;

  const std::string& text_;
  std::string file_;
  std::size_t position_ = 0;
  int line_ = 1;
  int column_ = 1;
  int brackets_ = 0;  // open ( and [
  Token token_;
};

/// `name` as the text form writes it: bare when it reads back as one word, else quoted.
std::string quote_name(const std::string& name);
std::string quote(const std::string& text);

/// The shortest literals that read back as exactly this value (any NaN is `nan`).
std::string print_real(float value);
std::string print_real(double value);

/// What a token is called in messages: "'foo'", "end of line".
std::string describe(const Token& token);

}  // namespace nsim::isa
