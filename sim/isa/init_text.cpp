// SPDX-License-Identifier: Apache-2.0
#include "sim/isa/init_text.h"

#include <algorithm>
#include <array>
#include <vector>

#include "sim/base/words.h"
#include "sim/isa/compare.h"

namespace nsim::isa {
namespace {

using Kind = num::Init::Kind;

constexpr std::ptrdiff_t kBytesPerLine = 32;
constexpr std::array<const char*, 7> kNames{"none",   "zero",  "constant", "uniform",
                                            "normal", "index", "bytes"};

Kind parse_kind(TokenStream& tokens) {
  for (std::size_t i = 1; i < kNames.size(); ++i) {
    if (tokens.accept(kNames[i])) {
      return static_cast<Kind>(i);
    }
  }
  tokens.fail("expected zero, constant, uniform, normal, index or bytes after '=', not " +
              describe(tokens.peek()));
}

/// `(low, high, seed n)`
void parse_distribution(TokenStream& tokens, num::Init& init, const std::string& low,
                        const std::string& high) {
  tokens.expect("(", "before the parameters");
  init.low = tokens.real64(low);
  tokens.expect(",", "and " + high);
  init.high = tokens.real64(high);
  tokens.expect(",", "and 'seed'");
  tokens.expect("seed", "and a number");
  init.seed = tokens.unsigned_integer("the seed");
  tokens.expect(")", "after the seed");
}

int nibble(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

void parse_bytes(TokenStream& tokens, num::Init& init, const Tensor& tensor) {
  const SourcePos where = tokens.where();
  tokens.expect("(", "before the bytes");
  while (!tokens.accept(")")) {
    const SourcePos start = tokens.where();
    const std::string digits = tokens.string("hexadecimal digits in quotes");
    if (digits.size() % 2 != 0) {
      throw UserError(start, "a string of bytes needs an even number of hexadecimal digits");
    }
    for (std::size_t i = 0; i < digits.size(); i += 2) {
      const int high = nibble(digits[i]);
      const int low = nibble(digits[i + 1]);
      if (high < 0 || low < 0) {
        throw UserError(start, "a string of bytes may only contain hexadecimal digits");
      }
      init.bytes.push_back(static_cast<std::byte>(high * 16 + low));
    }
  }
  if (static_cast<std::int64_t>(init.bytes.size()) != tensor.bytes()) {
    throw UserError(where, "'" + tensor.name + "' has " + std::to_string(tensor.bytes()) +
                               " bytes, here are " + std::to_string(init.bytes.size()));
  }
}

std::string print_bytes(const std::vector<std::byte>& bytes) {
  std::string text = "bytes(";
  for (auto line = bytes.begin(); line != bytes.end();) {
    const auto end = line + std::min<std::ptrdiff_t>(kBytesPerLine, bytes.end() - line);
    text += "\n  \"" + hex(std::vector(line, end)) + "\"";
    line = end;
  }
  return text + ")";
}

}  // namespace

num::Init parse_init(TokenStream& tokens, const Tensor& tensor) {
  num::Init init;
  init.kind = parse_kind(tokens);
  switch (init.kind) {
    case Kind::Constant:
      tokens.expect("(", "before the value");
      init.low = tokens.real64("the value");
      tokens.expect(")", "after the value");
      break;
    case Kind::Uniform:
      parse_distribution(tokens, init, "the lower bound", "the upper bound");
      break;
    case Kind::Normal:
      parse_distribution(tokens, init, "the mean", "the standard deviation");
      break;
    case Kind::Index:
      if (tokens.accept("(")) {
        init.low = tokens.real64("the modulus");
        tokens.expect(")", "after the modulus");
      }
      break;
    case Kind::Bytes:
      parse_bytes(tokens, init, tensor);
      break;
    default:
      break;
  }
  return init;
}

std::string print_init(const num::Init& init) {
  const std::string name = kNames.at(static_cast<std::size_t>(init.kind));
  switch (init.kind) {
    case Kind::None:
      return "";
    case Kind::Constant:
      return name + "(" + print_real(init.low) + ")";
    case Kind::Uniform:
    case Kind::Normal:
      return name + "(" + print_real(init.low) + ", " + print_real(init.high) + ", seed " +
             std::to_string(init.seed) + ")";
    case Kind::Index:
      return same(init.low, 0.0) ? name : name + "(" + print_real(init.low) + ")";
    case Kind::Bytes:
      return print_bytes(init.bytes);
    case Kind::Zero:
      break;
  }
  return name;
}

}  // namespace nsim::isa
