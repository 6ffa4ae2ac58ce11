// SPDX-License-Identifier: Apache-2.0
// What the rules of the text form share while one program is read.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "sim/isa/lexer.h"
#include "sim/isa/program.h"

namespace nsim::isa {

/// A declared tensor or buffer: they share one set of names, because operands may name either.
struct MemoryName {
  Space space = Space::Hbm;
  std::uint32_t index = 0;
};

struct TextState {
  TextState(const std::string& text, std::string file) : tokens(text, std::move(file)) {}

  TokenStream tokens;
  Program program;
  std::unordered_map<std::string, MemoryName> memory;
  std::unordered_map<std::string, std::uint32_t> semaphores;
  std::unordered_map<std::string, std::uint32_t> labels;
  std::unordered_map<std::string, std::uint32_t> events;
  std::vector<std::uint32_t> open_variables{
      0};             // in scope: `core` and those of the enclosing loops
  std::string label;  // of the instructions that follow
};

/// Arithmetic on numbers does not know where they were written: its errors get the position here.
template <class Operation>
auto located(const SourcePos& where, Operation operation) {
  try {
    return operation();
  } catch (const UserError& error) {
    throw UserError(where, error.what());
  }
}

/// "; did you mean 'x'?" or nothing. Looks at the first names only, so that a wrong word in a huge
/// program stays cheap.
template <class Range>
std::string did_you_mean(const std::string& wrong, const Range& names) {
  constexpr std::size_t kMostNames = 1000;
  std::vector<std::string> candidates;
  for (const auto& name : names) {
    if (candidates.size() == kMostNames) {
      break;
    }
    candidates.push_back(name);
  }
  const std::string nearest = nearest_name(wrong, candidates);
  return nearest.empty() ? "" : "; did you mean '" + nearest + "'?";
}

}  // namespace nsim::isa
