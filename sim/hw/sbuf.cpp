// SPDX-License-Identifier: Apache-2.0
#include "sim/hw/sbuf.h"

#include "sim/hw/time.h"

namespace nsim::hw {

// Defaults are NeuronCore-v2's: NKI trainium_inferentia2_arch.
SbufParams::SbufParams(ParamScope scope)
    : partition_bytes(scope.bytes("partition_bytes", "192KiB", "1KiB", "4MiB",
                                  "Bytes of SBUF in each of the 128 partitions")),
      shared_port(scope.flag("shared_port", true,
                             "Vector and GpSimd instructions on SBUF exclude each other")),
      shared_bus(scope.flag("shared_bus", false,
                            "GpSimd instructions on SBUF and those of Vector in wide modes exclude "
                            "each other")) {}

Sbuf::Sbuf(const SbufParams& params, bool numerics)
    : params_(params), memory_(params.partition_bytes, numerics) {}

bool Sbuf::needs_port(const isa::StreamInstruction& instruction, bool wide) const {
  const bool shares = params_.shared_port ||
                      (params_.shared_bus && (wide || instruction.engine == isa::Engine::GpSimd));
  if (!shares ||
      (instruction.engine != isa::Engine::Vector && instruction.engine != isa::Engine::GpSimd)) {
    return false;
  }
  const auto here = [](const isa::Operand& operand) {
    return operand.present() && operand.space == isa::Space::Sbuf;
  };
  return here(instruction.dst) || here(instruction.dst2) || here(instruction.src[0]) ||
         here(instruction.src[1]) || here(instruction.operand0.operand) ||
         here(instruction.operand1.operand);
}

void Sbuf::release() {
  if (port_.free_at() > now()) {
    port_wave_.cut(now());
  }
  port_ = Timeline();
}

void Sbuf::watch(Waves& waves, const std::string& scope) {
  port_wave_ = waves.signal(scope + ".port", 1);
}

void Sbuf::report(StatsScope stats) const {
  stats.add("port_waits", static_cast<double>(port_waits_), "1",
            "Instructions of Vector and GpSimd that waited for the port they share");
}

}  // namespace nsim::hw
