// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "models/program_file.h"
#include "sim/isa/container.h"
#include "sim/isa/expand.h"
#include "sim/isa/text.h"
#include "tools/command.h"
#include "tools/device.h"
#include "tools/device_choice.h"

namespace nsim::tool {
namespace {

int execute(const Arguments& arguments) {
  const std::string path = arguments.text("TEXT");
  const std::vector<std::byte> bytes = ml::read_file(path);
  isa::Program program =
      isa::parse_text(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()), path);
  const DeviceNames device = device_for(path, arguments);
  const isa::Limits limits = open_device(device.config, device.set).limits;
  ml::retarget(program, limits.target, path);
  ml::check_tensors(program, limits);
  isa::expand(program, limits);
  const std::vector<std::byte> container = isa::write_container(program);
  const std::string out = arguments.has("output") ? arguments.text("output")
                                                  : path.substr(0, path.rfind(".nasm")) + ".neff";
  write_file(out, container);
  fmt::print("{}: {} bytes\n", out, container.size());
  return 0;
}

}  // namespace

Command asm_command() {
  std::vector<Option> options = config_options();
  options.push_back({"output,o", Option::Kind::Text, "FILE",
                     "where the container goes (default: TEXT with .neff)"});
  return {{"asm",
           "asm TEXT [-o FILE]",
           "assemble a program text (.nasm) into a container\n"
           "It is made for, and checked against, the device it names as its target, or --config.",
           {"TEXT"},
           options},
          execute};
}

}  // namespace nsim::tool
