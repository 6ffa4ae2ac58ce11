// SPDX-License-Identifier: Apache-2.0
// --vcd and --signals, shared by the subcommands that run something.
#pragma once

#include <vector>

#include "sim/base/error.h"
#include "sim/base/waves.h"
#include "tools/command_line.h"

namespace nsim::tool {

inline const std::vector<Option> kWaveOptions{
    {"vcd", Option::Kind::Text, "FILE", "signals of the hardware over time, for GTKWave"},
    {"signals", Option::Kind::List, "PATTERN",
     "with --vcd: only those, e.g. '*.semaphores.*' or 'nd0.lnc0.*.depth'; may be repeated"}};

inline WaveOptions wave_options(const Arguments& arguments) {
  WaveOptions options{arguments.text("vcd"), arguments.list("signals")};
  if (options.file.empty() && !options.signals.empty()) {
    throw UserError("--signals needs --vcd: it says which signals that file shows");
  }
  return options;
}

}  // namespace nsim::tool
