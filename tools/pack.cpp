// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "models/program_file.h"
#include "sim/base/words.h"
#include "sim/isa/container.h"
#include "sim/isa/expand.h"
#include "tools/command.h"
#include "tools/device.h"
#include "tools/device_choice.h"

namespace nsim::tool {
namespace {

int execute(const Arguments& arguments) {
  const std::string path = arguments.text("MODEL");
  const DeviceNames device = device_for(path, arguments);
  const isa::Limits limits = open_device(device.config, device.set).limits;
  const isa::Program program = ml::open_program(path, limits).program;
  const std::shared_ptr<const isa::Streams> streams = isa::expand(program, limits);
  const std::vector<std::byte> container = isa::write_container(program);
  const std::string out = arguments.has("output") ? arguments.text("output")
                                                  : path.substr(0, path.rfind('.')) + ".neff";
  write_file(out, container);
  fmt::print("{}: {} bytes, for {} with {}, {}, {}\n", out, container.size(), program.target,
             counted(program.cores, "core"), counted(streams->work.instructions, "instruction"),
             counted(streams->work.dma_transfers, "DMA transfer"));
  return 0;
}

}  // namespace

Command pack_command() {
  std::vector<Option> options = config_options();
  options.push_back({"output,o", Option::Kind::Text, "FILE",
                     "where the container goes (default: MODEL with .neff)"});
  return {{"pack",
           "pack MODEL|PROGRAM [-o FILE]",
           "make a container that nrt_load accepts from a model file or a program\n"
           "A model is lowered for the device of --config.",
           {"MODEL"},
           options},
          execute};
}

}  // namespace nsim::tool
