// SPDX-License-Identifier: Apache-2.0
// Any words on the command line of a subcommand are parsed or refused with a UserError. Words are
// the zero-terminated pieces of the input.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/error.h"
#include "tools/command_line.h"

namespace {

using nsim::tool::CommandSpec;
using nsim::tool::Option;

CommandSpec spec(bool passes_rest) {
  CommandSpec out{"fuzz", "fuzz FILE [options]", "a subcommand with every kind of option", {}, {}};
  if (!passes_rest) {
    out.positional = {"FILE"};
  }
  out.options = {{"config,c", Option::Kind::Text, "F", "a text"},
                 {"set,s", Option::Kind::List, "PATH=VALUE", "a list"},
                 {"requests,n", Option::Kind::Text, "N", "a number", "1"},
                 {"check", Option::Kind::Flag, "", "a flag"}};
  out.passes_rest = passes_rest;
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::string> words(1);
  for (std::size_t i = 1; i < size; ++i) {
    if (data[i] == 0) {
      words.emplace_back();
    } else {
      words.back().push_back(static_cast<char>(data[i]));
    }
  }
  try {
    const nsim::tool::Arguments arguments =
        nsim::tool::parse_arguments(spec(size > 0 && (data[0] & 1) != 0), words);
    arguments.list("set");
    if (arguments.has("requests")) {
      arguments.integer("requests", 1, 1000);
    }
  } catch (const nsim::UserError&) {  // refused: as good as parsed
  }
  return 0;
}
