// SPDX-License-Identifier: Apache-2.0
#include "sim/base/toml_text.h"

#include <fmt/format.h>

#include "sim/base/error.h"

namespace nsim {
namespace {

// The library builds and destroys tables recursively; more dots than this on one line could exhaust
// the stack.
constexpr int kMaxDotsPerLine = 64;

/// Counts the dots that could belong to a dotted key: a row of dots in a comment is one.
void check_dots(const std::string& text, const std::string& name) {
  int line = 1;
  int dots = 0;
  char before = 0;
  for (const char c : text) {
    if (c == '\n') {
      ++line;
      dots = 0;
    } else if (c == '.' && before != '.' && ++dots > kMaxDotsPerLine) {
      throw UserError(SourcePos{name, line, 0},
                      fmt::format("more than {} dots on one line", kMaxDotsPerLine));
    }
    before = c;
  }
}

}  // namespace

toml::table parse_toml(const std::string& text, const std::string& name) {
  check_dots(text, name);
  try {
    return toml::parse(text, name);
  } catch (const toml::parse_error& error) {
    const toml::source_position at = error.source().begin;
    throw UserError(SourcePos{name, static_cast<int>(at.line), static_cast<int>(at.column)},
                    std::string(error.description()));
  }
}

}  // namespace nsim
