// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "models/program_file.h"
#include "sim/isa/expand.h"
#include "sim/isa/text.h"
#include "tools/command.h"
#include "tools/device.h"
#include "tools/device_choice.h"

namespace nsim::tool {
namespace {

int execute(const Arguments& arguments) {
  const std::string path = arguments.text("PROGRAM");
  const DeviceNames device = device_for(path, arguments);
  const isa::Limits limits = open_device(device.config, device.set).limits;
  const isa::Program program = ml::open_program(path, limits).program;
  const std::string text = arguments.flag("streams")
                               ? isa::print_streams(*isa::expand(program, limits))
                               : isa::print_text(program);
  if (arguments.has("output")) {
    write_file(arguments.text("output"), text);
  } else {
    fmt::print("{}", text);
  }
  return 0;
}

}  // namespace

Command disasm_command() {
  std::vector<Option> options = config_options();
  options.push_back(
      {"output,o", Option::Kind::Text, "FILE", "write there instead of the terminal"});
  options.push_back(
      {"streams", Option::Kind::Flag, "",
       "show every engine's unrolled stream with the semaphores that sync auto inserted"});
  return {{"disasm",
           "disasm PROGRAM [-o FILE] [--streams]",
           "print a container (or a model file, lowered) as program text\n"
           "Assembling the output gives the same program again.",
           {"PROGRAM"},
           options},
          execute};
}

}  // namespace nsim::tool
