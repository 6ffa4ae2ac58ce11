// SPDX-License-Identifier: Apache-2.0
#include "runtime/input_dump.h"

#include <fmt/format.h>

#include <random>

#include "runtime/output_file.h"
#include "sim/base/log.h"

namespace nsim::rt {
namespace {

void write_inputs(const Request& request, hw::Hardware& hardware) {
  const LoadedModel& model = *request.model;
  const std::string directory =
      fmt::format("input_dump_{:08x}_h_nn_{}", std::random_device{}(), model.id);
  for (std::size_t i = 0; i < model.inputs.size(); ++i) {
    const LoadedModel::Port& port = model.inputs[i];
    const std::byte* bytes =
        hardware.numerics() ? hardware.pointer(request.bindings[port.index], port.bytes) : nullptr;
    if (bytes == nullptr) {
      NSIM_LOG(Nrt, Warn, "input \"{}\" has no contents that could be written", port.name);
      continue;
    }
    const std::string contents(reinterpret_cast<const char*>(bytes), port.bytes);
    if (!leave_file(fmt::format("{}/input{}.bin", directory, i), contents)) {
      return;
    }
  }
  leave_file(directory + "/model_name.txt", model.name + "\n");
}

}  // namespace

void dump_inputs(const Request& request, hw::Hardware& hardware) noexcept {
  try {
    write_inputs(request, hardware);
  } catch (const std::exception& error) {
    NSIM_LOG(Nrt, Warn, "cannot dump the inputs: {}", error.what());
  }
}

}  // namespace nsim::rt
