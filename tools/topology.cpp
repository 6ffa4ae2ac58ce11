// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "sim/base/words.h"
#include "tools/command.h"
#include "tools/device.h"

namespace nsim::tool {
namespace {

int execute(const Arguments& arguments) {
  const Device device = open_device(arguments.text("config"), arguments.list("set"));
  const hw::Topology topology = hw::Hardware::topology_of(*device.params);
  fmt::print("{}: {} ({}), LNC {}, {}\n", topology.name, counted(topology.devices, "device"),
             topology.target, topology.cores_per_logical,
             counted(topology.logical_cores, "logical core"));
  for (int d = 0; d < topology.devices; ++d) {
    fmt::print("  nd{}: {} physical NeuronCores\n", d, topology.cores_per_device);
    for (std::size_t index = 0; index < topology.hbm.size(); ++index) {
      const hw::HbmRegion& region = topology.hbm[index];
      if (region.device != d) {
        continue;
      }
      fmt::print("    hbm{}: {} at 0x{:x}, {} reserved\n", region.stack,
                 format_quantity(Quantity::Bytes, static_cast<std::int64_t>(region.bytes)),
                 region.base,
                 format_quantity(Quantity::Bytes, static_cast<std::int64_t>(region.reserved)));
      for (int core = 0; core < topology.logical_cores; ++core) {
        if (topology.hbm_of_core[static_cast<std::size_t>(core)] != static_cast<int>(index)) {
          continue;
        }
        const int first = core * topology.cores_per_logical % topology.cores_per_device;
        fmt::print("      logical core {}: physical {}", core, first);
        for (int extra = 1; extra < topology.cores_per_logical; ++extra) {
          fmt::print(", {}", first + extra);
        }
        fmt::print("; each with 5 engines, {} DMA engines, SBUF 128 x {}, PSUM 128 x {}\n",
                   topology.dma_engines,
                   format_quantity(Quantity::Bytes, device.limits.sbuf_partition_bytes),
                   format_quantity(Quantity::Bytes, device.limits.psum_partition_bytes));
      }
    }
  }
  return 0;
}

}  // namespace

Command topology_command() {
  return {{"topology",
           "topology [--config F]",
           "show devices, cores and memories of an instance",
           {},
           config_options()},
          execute};
}

}  // namespace nsim::tool
