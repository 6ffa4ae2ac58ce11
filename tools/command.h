// SPDX-License-Identifier: Apache-2.0
// A subcommand of nsim: one file each, listed in main.cpp.
#pragma once

#include "tools/command_line.h"

namespace nsim::tool {

struct Command {
  CommandSpec spec;
  /// Returns the exit code; throws UserError for wrong input (exit code 2).
  int (*execute)(const Arguments& arguments);
};

Command run_command();
Command exec_command();
Command asm_command();
Command disasm_command();
Command pack_command();
Command params_command();
Command topology_command();
Command validate_command();
Command inspect_command();
Command sweep_command();
Command sweep_show_command();
Command report_command();
Command diff_command();
Command why_command();
Command check_command();
Command nki_command();

/// --config and --set, shared by every subcommand that needs a device.
std::vector<Option> config_options();

}  // namespace nsim::tool
