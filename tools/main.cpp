// SPDX-License-Identifier: Apache-2.0
// nsim: dispatch to the subcommands and the one place where errors become exit codes.
#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <vector>

#include "sim/base/error.h"
#include "tools/command.h"
#include "tools/exit_code.h"

namespace {

using nsim::tool::Command;

std::vector<Command> commands() {
  using namespace nsim::tool;  // NOLINT: the list below is this function's only content
  return {run_command(),     exec_command(),       asm_command(),      disasm_command(),
          pack_command(),    params_command(),     topology_command(), validate_command(),
          inspect_command(), sweep_show_command(), sweep_command(),    diff_command(),
          report_command(),  why_command(),        check_command(),    nki_command()};
}

int overview(std::FILE* to) {
  fmt::print(to,
             "nsim {}: a cycle-approximate simulator of AWS Neuron devices\n\nusage: nsim COMMAND "
             "[options]\n\n",
             NSIM_VERSION);
  for (const Command& command : commands()) {
    const std::string& text = command.spec.description;
    fmt::print(to, "  {:<11} {}\n", command.spec.name, text.substr(0, text.find('\n')));
  }
  fmt::print(to, "\nnsim COMMAND --help explains one.\n");
  return to == stdout ? 0 : 2;
}

/// How many of the first words name the command: "sweep show" are two; 0 when they do not.
std::ptrdiff_t words_of(const std::string& name, const std::vector<std::string>& words) {
  if (name == words[0]) {
    return 1;
  }
  return words.size() > 1 && name == words[0] + " " + words[1] ? 2 : 0;
}

int dispatch(const std::vector<std::string>& words) {
  if (words.empty()) {
    return overview(stderr);
  }
  if (words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
    return overview(stdout);
  }
  if (words[0] == "--version") {
    fmt::print("nsim {}\n", NSIM_VERSION);
    return 0;
  }
  std::vector<std::string> names;
  for (const Command& command : commands()) {
    names.push_back(command.spec.name);
    const std::ptrdiff_t taken = words_of(command.spec.name, words);
    if (taken == 0) {
      continue;
    }
    const nsim::tool::Arguments arguments =
        nsim::tool::parse_arguments(command.spec, {words.begin() + taken, words.end()});
    if (arguments.flag("help")) {
      fmt::print("{}", nsim::tool::usage(command.spec));
      return 0;
    }
    return command.execute(arguments);
  }
  const std::string near = nsim::nearest_name(words[0], names);
  throw nsim::UserError(fmt::format("nsim: no command '{}'{}; nsim --help lists them", words[0],
                                    near.empty() ? "" : ", did you mean '" + near + "'?"));
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return dispatch({argv + 1, argv + argc});
  } catch (...) {
    const nsim::tool::Failure failure = nsim::tool::current_failure();
    fmt::print(stderr, "{}\n", failure.message);
    return failure.code;
  }
}
