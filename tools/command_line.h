// SPDX-License-Identifier: Apache-2.0
// Command lines of the subcommands: the only user of Boost.Program_options is command_line.cpp.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace nsim::tool {

/// One option of a subcommand.
struct Option {
  enum class Kind { Flag, Text, List };
  std::string name;  // "out", or "jobs,j" with a short form
  Kind kind = Kind::Text;
  std::string placeholder;  // "DIR"
  std::string description;
  std::string fallback = {};
};

struct CommandSpec {
  std::string name;      // "run"
  std::string synopsis;  // "run MODEL|PROGRAM [options]"
  std::string description;
  std::vector<std::string> positional;  // required, in order
  std::vector<Option> options;
  bool passes_rest = false;  // everything after the first non-option belongs to another program
};

/// Parsed values. Names that the spec does not have are our own bug.
class Arguments {
 public:
  bool flag(const std::string& name) const;
  bool has(const std::string& name) const;
  std::string text(const std::string& name) const;
  std::vector<std::string> list(const std::string& name) const;
  /// A whole number in [least, most]; throws UserError otherwise.
  long integer(const std::string& name, long least, long most) const;
  /// One of two words, or "" when it was not given; throws UserError otherwise.
  std::string either(const std::string& name, const char* one, const char* other) const;
  std::vector<std::string> words;  // all of them, as they were given
  std::vector<std::string> rest;   // passes_rest: the other program and its arguments

 private:
  friend Arguments parse_arguments(const CommandSpec&, std::vector<std::string>);
  std::map<std::string, std::vector<std::string>> values_;
};

/// Throws UserError for unknown options, missing or surplus arguments.
Arguments parse_arguments(const CommandSpec& spec, std::vector<std::string> arguments);

std::string usage(const CommandSpec& spec);

}  // namespace nsim::tool
