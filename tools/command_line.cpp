// SPDX-License-Identifier: Apache-2.0
#include "tools/command_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <charconv>
#include <sstream>

#include "sim/base/error.h"

namespace nsim::tool {
namespace {

namespace po = boost::program_options;

po::options_description describe(const CommandSpec& spec) {
  po::options_description description("options");
  description.add_options()("help,h", "this text");
  for (const Option& option : spec.options) {
    if (option.kind == Option::Kind::Flag) {
      description.add_options()(option.name.c_str(), option.description.c_str());
      continue;
    }
    auto* value = po::value<std::vector<std::string>>()->value_name(option.placeholder);
    if (option.kind == Option::Kind::List) {
      value->composing();
    }
    if (!option.fallback.empty()) {
      value->default_value({option.fallback}, option.fallback);
    }
    description.add_options()(option.name.c_str(), value, option.description.c_str());
  }
  return description;
}

std::string long_name(const Option& option) {
  return option.name.substr(0, option.name.find(','));
}

/// Cuts off the other program: everything from "--", or from the first argument that is neither an
/// option nor the value of one.
std::vector<std::string> split_rest(const CommandSpec& spec, std::vector<std::string>& arguments) {
  std::size_t at = 0;
  while (at < arguments.size() && arguments[at] != "--" && arguments[at].rfind('-', 0) == 0) {
    const std::string name =
        arguments[at].substr(std::min(arguments[at].find_first_not_of('-'), arguments[at].size()));
    bool takes_value = false;
    for (const Option& option : spec.options) {
      takes_value = takes_value || (long_name(option) == name && option.kind != Option::Kind::Flag);
    }
    at += takes_value ? 2 : 1;
  }
  at = std::min(at, arguments.size());
  const std::size_t skip = at < arguments.size() && arguments[at] == "--" ? 1 : 0;
  std::vector<std::string> rest(arguments.begin() + static_cast<std::ptrdiff_t>(at + skip),
                                arguments.end());
  arguments.resize(at);
  return rest;
}

void check_count(const CommandSpec& spec, const std::vector<std::string>& positional) {
  if (positional.size() < spec.positional.size()) {
    throw UserError(fmt::format("nsim {}: {} is missing; usage: nsim {}", spec.name,
                                spec.positional[positional.size()], spec.synopsis));
  }
  if (positional.size() > spec.positional.size()) {
    throw UserError(fmt::format("nsim {}: unexpected argument '{}'; usage: nsim {}", spec.name,
                                positional[spec.positional.size()], spec.synopsis));
  }
}

}  // namespace

bool Arguments::flag(const std::string& name) const {
  return values_.count(name) != 0;
}
bool Arguments::has(const std::string& name) const {
  return values_.count(name) != 0;
}

std::string Arguments::text(const std::string& name) const {
  const auto found = values_.find(name);
  return found == values_.end() || found->second.empty() ? "" : found->second.back();
}

std::vector<std::string> Arguments::list(const std::string& name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::vector<std::string>{} : found->second;
}

long Arguments::integer(const std::string& name, long least, long most) const {
  const std::string value = text(name);
  long number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size() || number < least ||
      number > most) {
    throw UserError(
        fmt::format("--{}: '{}' is not a whole number from {} to {}", name, value, least, most));
  }
  return number;
}

std::string Arguments::either(const std::string& name, const char* one, const char* other) const {
  const std::string value = text(name);
  if (has(name) && value != one && value != other) {
    throw UserError(fmt::format("--{}: '{}' is neither {} nor {}", name, value, one, other));
  }
  return value;
}

namespace {

/// What the library says, unless a word could be taken for one of its placeholders ("%value%"): it
/// would replace that by the word itself, for ever.
std::string problem(const po::error& error, const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    if (!word.empty() && word.front() == '-' && word.find('%') != std::string::npos) {
      return fmt::format("'{}' is no option, or has a value that it does not take", word);
    }
  }
  return error.what();
}

}  // namespace

Arguments parse_arguments(const CommandSpec& spec, std::vector<std::string> arguments) {
  Arguments out;
  out.words = arguments;
  if (spec.passes_rest) {
    out.rest = split_rest(spec, arguments);
  }
  const po::options_description visible = describe(spec);
  po::options_description all;
  all.add(visible);
  all.add_options()("positional", po::value<std::vector<std::string>>());
  po::positional_options_description positional;
  positional.add("positional", -1);
  po::variables_map values;
  try {
    po::store(po::command_line_parser(arguments).options(all).positional(positional).run(), values);
  } catch (const po::error& error) {
    throw UserError(fmt::format("nsim {}: {}; see nsim {} --help", spec.name,
                                problem(error, arguments), spec.name));
  }
  if (values.count("help") != 0) {
    out.values_["help"] = {};
    return out;
  }
  for (const Option& option : spec.options) {
    const std::string name = long_name(option);
    if (values.count(name) != 0) {
      const bool is_flag = option.kind == Option::Kind::Flag;
      out.values_[name] =
          is_flag ? std::vector<std::string>{} : values[name].as<std::vector<std::string>>();
    }
  }
  std::vector<std::string> given;
  if (values.count("positional") != 0) {
    given = values["positional"].as<std::vector<std::string>>();
  }
  check_count(spec, given);
  for (std::size_t i = 0; i < given.size(); ++i) {
    out.values_[spec.positional[i]] = {given[i]};
  }
  return out;
}

std::string usage(const CommandSpec& spec) {
  std::ostringstream out;
  out << "usage: nsim " << spec.synopsis << "\n" << spec.description << "\n\n" << describe(spec);
  return out.str();
}

}  // namespace nsim::tool
